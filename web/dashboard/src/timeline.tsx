// A session's signals in time: page views as bands, one lane per kind of
// signal, conversions as flags.

import { useEffect, useRef, useState } from "preact/hooks";
import { money, offset, percent, words } from "./format";
import type { Detail, Signal } from "./model";

const LANE = 26;
const BAND = 30;
const AXIS = 22;
const GUTTER = 168;
const GUTTER_NARROW = 12;
const NARROW = 560;
const EDGE = 16;

/** Steps between marks of the axis, s. */
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600];

/** Tells an element's width, now and when it changes. */
export function useWidth<T extends Element>(first: number) {
  const element = useRef<T>(null);
  const [width, set] = useState(first);
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) set(Math.max(200, Math.round(entry.contentRect.width)));
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width] as const;
}

export function Timeline(props: {
  detail: Detail;
  chosen: number | null;
  onChoose(ordinal: number | null): void;
}) {
  const { session, signals, pageViews, conversions } = props.detail;
  const [box, width] = useWidth<HTMLDivElement>(960);
  const narrow = width < NARROW;
  const left = narrow ? GUTTER_NARROW : GUTTER;

  const startMs = Math.min(session.startedMs, ...pageViews.map((p) => p.startedMs));
  const endMs = Math.max(
    session.lastInteractionMs,
    startMs + 1_000,
    ...signals.map((s) => s.atMs + s.durationMs),
    ...conversions.map((c) => c.atMs),
  );
  const x = (ms: number) => left + ((ms - startMs) / (endMs - startMs)) * (width - left - EDGE);

  const kinds = [...new Set(signals.map((s) => s.signal))];
  const lanes = Math.max(1, kinds.length);
  const top = BAND + (conversions.length > 0 ? 20 : 6);
  // On a narrow screen a lane's name stands above it instead of beside it.
  const lane = narrow ? LANE + 14 : LANE;
  const height = top + lanes * lane + AXIS;

  const spanS = (endMs - startMs) / 1_000;
  const marks = Math.max(2, Math.floor((width - left) / 90));
  const step = STEPS_S.find((s) => spanS / s <= marks) ?? Math.ceil(spanS / marks / 3_600) * 3_600;
  const ticks = Array.from({ length: Math.floor(spanS / step) + 1 }, (_, i) => i * step * 1_000);

  const pages = [...pageViews].sort((a, b) => a.startedMs - b.startedMs);
  return (
    <div class="timeline" ref={box} data-testid="timeline">
      <svg
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="group"
        aria-label={`${signals.length} signals over ${offset(endMs - startMs)}`}
      >
        {ticks.map((ms) => (
          <g key={ms} class="axis">
            <line x1={x(startMs + ms)} x2={x(startMs + ms)} y1={BAND} y2={height - AXIS + 4} />
            <text x={x(startMs + ms)} y={height - 5} text-anchor={ms === 0 && narrow ? "start" : "middle"}>
              {offset(ms)}
            </text>
          </g>
        ))}
        {pages.map((p, i) => {
          const from = x(p.startedMs);
          const to = x(pages[i + 1]?.startedMs ?? endMs);
          const room = Math.floor((to - from - 14) / 6.8);
          return (
            <g key={p.ordinal} class={`band ${i % 2 ? "odd" : "even"}`}>
              <title>{`${p.path}, from ${offset(p.startedMs - startMs)}`}</title>
              <rect x={from} y="0" width={Math.max(1, to - from - 1)} height={height - AXIS} rx="3" />
              <rect class="cap" x={from} y="0" width={Math.max(1, to - from - 1)} height={BAND - 8} rx="3" />
              {room > 2 && (
                <text x={from + 7} y="15">
                  {p.path.length > room ? `${p.path.slice(0, room - 1)}…` : p.path}
                </text>
              )}
            </g>
          );
        })}
        {conversions.map((c) => (
          <g key={c.ordinal} class="conversion" transform={`translate(${x(c.atMs)} ${BAND - 4})`}>
            <title>{`${c.kind || "goal"}, ${money(c.valueMinor, c.currency)}, at ${offset(c.atMs - startMs)}`}</title>
            <line y1="0" y2={height - AXIS - BAND + 6} />
            <path d="M0 0h9l-3 4 3 4h-9z" />
          </g>
        ))}
        {kinds.map((kind, i) => {
          const y = top + i * lane + (narrow ? 26 : LANE / 2);
          return (
            <g key={kind}>
              <line class="lane" x1={left} x2={width - EDGE} y1={y} y2={y} />
              <text class="lane-name" x={narrow ? left : left - 12} y={narrow ? y - 13 : y + 4} text-anchor={narrow ? "start" : "end"}>
                {words(kind)}
              </text>
              {signals
                .filter((s) => s.signal === kind)
                .map((s) => (
                  <Mark
                    key={s.ordinal}
                    signal={s}
                    x={x(s.atMs)}
                    to={x(s.atMs + s.durationMs)}
                    y={y}
                    startMs={startMs}
                    chosen={props.chosen === s.ordinal}
                    onChoose={props.onChoose}
                  />
                ))}
            </g>
          );
        })}
        {kinds.length === 0 && (
          <text class="lane-name" x={(left + width) / 2} y={top + LANE / 2 + 4} text-anchor="middle">
            no signals
          </text>
        )}
      </svg>
    </div>
  );
}

function Mark(props: {
  signal: Signal;
  x: number;
  to: number;
  y: number;
  startMs: number;
  chosen: boolean;
  onChoose(ordinal: number | null): void;
}) {
  const { signal: s, x, y, chosen } = props;
  const r = 4 + (s.intensityMilli / 1_000) * 4;
  const toggle = () => props.onChoose(chosen ? null : s.ordinal);
  return (
    <g
      class={`signal-mark kind ${s.signal} ${chosen ? "chosen" : ""}`}
      role="button"
      // An attribute's case counts in SVG.
      tabindex={0}
      aria-pressed={chosen}
      aria-label={`${words(s.signal)} at ${offset(s.atMs - props.startMs)}${s.label ? ` on ${s.label}` : ""}, intensity ${percent(s.intensityMilli)}`}
      onClick={toggle}
      onKeyDown={(e) => {
        if (e.key === "Enter" || e.key === " ") {
          e.preventDefault();
          toggle();
        }
      }}
    >
      <title>{`${words(s.signal)} at ${offset(s.atMs - props.startMs)}\n${s.selector}\n${s.reason}`}</title>
      <rect class="hit" x={x - 12} y={y - 12} width={Math.max(24, props.to - x + 24)} height="24" />
      {props.to - x > 2 && <line class="span" x1={x} x2={props.to} y1={y} y2={y} />}
      <circle cx={x} cy={y} r={r} />
    </g>
  );
}
