// Small pieces that several pages show.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { now } from "./api";
import { score, words } from "./format";
import type { Contributor, ScoreName, Scores, Session } from "./model";

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

export type Kind = ScoreName | "experience";

/** What people call a score. */
export const SCORE_WORDS: Record<Kind, string> = {
  frustration: "Frustration",
  confusion: "Confusion",
  engagement: "Engagement",
  navigation: "Navigation",
  form: "Form",
  technical: "Technical",
  exitRisk: "Exit risk",
  experience: "Experience",
};

/** A score as a bar with its number; what it is now as a mark and a second number. */
export function Meter(props: { kind: Kind; milli: number; nowMilli?: number | undefined }) {
  const { kind, milli, nowMilli } = props;
  // Where nothing was, nothing fades.
  const fading = nowMilli !== undefined && milli > 0;
  return (
    <span class={`meter ${kind} ${kind === "frustration" ? level(milli) : ""}`}>
      <span
        class="meter-numbers"
        role="img"
        aria-label={`${SCORE_WORDS[kind]} ${score(milli)} of 10${fading ? `, now ${score(nowMilli)}` : ""}`}
      >
        <span class="meter-number" data-testid={kind}>
          {score(milli)}
        </span>
        {fading && (
          <span class={`meter-now ${level(nowMilli)}`} title="Now: fades by half every 90 s">
            now <b data-testid={`${kind}-now`}>{score(nowMilli)}</b>
          </span>
        )}
      </span>
      <Fill share={milli / 10_000} mark={fading ? nowMilli / 10_000 : undefined} />
    </span>
  );
}

/** The filled part of a bar. An SVG, as the page's policy knows no inline style. */
export function Fill(props: { share: number; mark?: number | undefined }) {
  const part = (share: number) => Math.max(0, Math.min(1, share)) * 100;
  return (
    <svg class="fill" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect class="fill-rest" width="100" height="4" />
      <rect class="fill-part" width={part(props.share)} height="4" />
      {props.mark !== undefined && <rect class="fill-mark" x={Math.min(98, part(props.mark))} width="2" height="4" />}
    </svg>
  );
}

const PILLARS = ["navigation", "form", "technical"] as const;

/** The three pillars, one thin bar below the other. */
export function Pillars(props: { scores: Scores }) {
  return (
    <span class="pillars">
      {PILLARS.map((kind) => (
        <span
          key={kind}
          class={`pillar ${kind}`}
          role="img"
          aria-label={`${SCORE_WORDS[kind]} ${score(props.scores[kind])} of 10`}
        >
          <span>{SCORE_WORDS[kind]}</span>
          <Fill share={props.scores[kind] / 10_000} />
          <span class="pillar-number" data-testid={kind}>
            {score(props.scores[kind])}
          </span>
        </span>
      ))}
    </span>
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

const REASONS_SHOWN = 3;

/** The reasons that matter most, as words. */
export function Reasons(props: { contributors: Contributor[] }) {
  const shown = foremost(props.contributors);
  if (shown.length === 0) return <span class="faint">nothing stands out</span>;
  const rest = shown.slice(REASONS_SHOWN);
  return (
    <span class="reasons">
      {shown.slice(0, REASONS_SHOWN).map((c) => (
        <Reason key={c.signal} contributor={c} />
      ))}
      {rest.length > 0 && (
        <span class="faint" title={rest.map((c) => c.text || words(c.signal)).join("\n")}>
          +{rest.length}
        </span>
      )}
    </span>
  );
}

/** Each signal once, what went wrong before what went well. */
function foremost(contributors: Contributor[]): Contributor[] {
  const weight = (c: Contributor) =>
    c.shareMilli + (c.score === "frustration" ? 2_000 : c.score === "engagement" ? 0 : 1_000);
  const bad = contributors.filter((c) => c.score !== "engagement");
  const bySignal = new Map<string, Contributor>();
  for (const c of [...(bad.length > 0 ? bad : contributors)].sort((a, b) => weight(b) - weight(a))) {
    if (!bySignal.has(c.signal)) bySignal.set(c.signal, c);
  }
  return [...bySignal.values()];
}
