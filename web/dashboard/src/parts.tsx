// Small pieces that several pages show.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { now } from "./api";
import { score, words } from "./format";
import type { Contributor, Session } from "./model";

/** Renders anew every second, so that times and fading scores stay true. */
export function useNow(): number {
  const [value, set] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) set(now());
    }, 1_000);
    return () => clearInterval(timer);
  }, []);
  return value;
}

/** How bad a frustration is, for its colour. */
export type Level = "calm" | "mild" | "high" | "severe";

export function level(milli: number): Level {
  if (milli < 1_500) return "calm";
  if (milli < 4_000) return "mild";
  if (milli < 7_000) return "high";
  return "severe";
}

/** A score as a bar with its number. */
export function Meter(props: {
  kind: "frustration" | "experience" | "engagement" | "technical";
  milli: number;
  label: string;
  testid?: string;
}) {
  const { kind, milli, label } = props;
  return (
    <span
      class={`meter ${kind} ${kind === "frustration" ? level(milli) : ""}`}
      role="img"
      aria-label={`${label} ${score(milli)} of 10`}
    >
      <span class="meter-number" data-testid={props.testid}>
        {score(milli)}
      </span>
      <Fill share={milli / 10_000} />
    </span>
  );
}

/** The filled part of a bar. An SVG, as the page's policy knows no inline style. */
export function Fill(props: { share: number; class?: string }) {
  const width = Math.max(0, Math.min(1, props.share)) * 100;
  return (
    <svg class={`fill ${props.class ?? ""}`} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect class="fill-rest" width="100" height="4" />
      <rect class="fill-part" width={width} height="4" />
    </svg>
  );
}

/** What stands where a score would stand without enough evidence. */
export function NotEnough() {
  return (
    <span class="not-enough" title="Scores need at least 3 s and 5 interactions.">
      not enough yet
    </span>
  );
}

const STATUS_WORDS = { open: "live", ended: "ended", broken: "broken" } as const;

export function Status(props: { status: Session["status"] }) {
  return (
    <span class={`status ${props.status}`} data-testid="status">
      <span class="dot" aria-hidden="true" />
      {STATUS_WORDS[props.status]}
    </span>
  );
}

/** One reason for a score, in words. */
export function Reason(props: { contributor: Contributor; full?: boolean }) {
  const { contributor } = props;
  return (
    <span
      class={`reason toward-${contributor.score}`}
      data-testid="contributor"
      data-signal={contributor.signal}
      title={contributor.text}
    >
      {props.full && contributor.text ? contributor.text : words(contributor.signal)}
      {!props.full && contributor.count > 1 && <span class="times"> ×{contributor.count}</span>}
    </span>
  );
}

export function Device(props: { session: Session }) {
  const { device, os, browser } = props.session;
  const said = [device, browser, os].filter(Boolean);
  return <>{said.length > 0 ? said.join(" · ") : "unknown device"}</>;
}

/** Something to tell instead of content. */
export function Notice(props: { title: string; children?: ComponentChildren; testid?: string }) {
  return (
    <section class="notice" data-testid={props.testid}>
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}
