// What the pointer did, page view by page view, on a scaled viewport, and how
// far the page was scrolled meanwhile. It can be played.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { counted, offset, words } from "./format";
import type { Detail, Signal, Trail, TrailPage } from "./model";

/** A line is broken where the pointer was not seen for longer than this. */
const PAUSE_MS = 1_000;
/** Playing passes over longer stretches in which nothing happened. */
const IDLE_MS = 2_000;
/** How much of the line, counted from its end, is drawn strong. */
const RECENT_MS = 1_500;
/** How long a press shows as new while playing. */
const RIPPLE_MS = 600;
const SCROLL_HEIGHT = 56;

interface Sample {
  at: number;
  x: number;
  y: number;
}

/** A page's trail with the signals that belong to it. */
interface Sheet {
  page: TrailPage;
  signals: Signal[];
  endMs: number;
}

/** The page view, by its place among the session's, that a trail page shows. */
function sheets(trail: Trail, detail: Detail): Sheet[] {
  const free = [...detail.pageViews].sort((a, b) => a.ordinal - b.ordinal);
  return trail.pages.map((page) => {
    const same = free.filter((p) => p.path === page.path);
    // Nearest in time where the trail tells one; else the first of its path.
    const nearest = page.startedMs
      ? same.sort((a, b) => Math.abs(a.startedMs - page.startedMs) - Math.abs(b.startedMs - page.startedMs))[0]
      : same[0];
    if (nearest) free.splice(free.indexOf(nearest), 1);
    const startedMs = nearest?.startedMs ?? page.startedMs;
    const signals = nearest
      ? detail.signals.filter((s) => s.pageView === nearest.ordinal)
      : detail.signals.filter((s) => s.pageView === null && s.path === page.path);
    const endMs = Math.max(
      1,
      ...page.paths.map((p) => p.at.at(-1) ?? 0),
      ...page.presses.map((p) => p.at),
      ...page.scrolls.map((s) => s.at.at(-1) ?? 0),
    );
    return { page: { ...page, startedMs }, signals, endMs };
  });
}

export function Trails(props: {
  trail: Trail;
  detail: Detail;
  chosen: number | null;
  onChoose(ordinal: number | null): void;
}) {
  const { trail, detail, chosen } = props;
  const all = useMemo(() => sheets(trail, detail), [trail, detail]);
  const [picked, pick] = useState<string | null>(null);
  const name = (s: Sheet) => `${s.page.sender} ${s.page.number}`;

  // A chosen signal brings its page up; it may be left by picking another.
  const ofChosen = chosen === null ? undefined : all.find((s) => s.signals.some((g) => g.ordinal === chosen));
  useEffect(() => {
    if (ofChosen) pick(name(ofChosen));
  }, [chosen, ofChosen && name(ofChosen)]);

  const first = all.find((s) => s.signals.length > 0) ?? all.find((s) => s.page.paths.length > 0) ?? all[0];
  const shown = all.find((s) => name(s) === picked) ?? first;
  if (!shown) {
    return (
      <p class="faint" data-testid="no-trail">
        Nothing to draw: no batch of this session is archived, or it is older than what is kept.
      </p>
    );
  }
  return (
    <div class="trails">
      {all.length > 1 && (
        <label class="select trail-pick">
          Page view
          <select value={name(shown)} onChange={(e) => pick(e.currentTarget.value)} data-testid="trail-pick">
            {all.map((s, i) => (
              <option key={name(s)} value={name(s)}>
                {`${i + 1}. ${s.page.path || "/"}${s.signals.length > 0 ? ` (${counted(s.signals.length, "signal")})` : ""}`}
              </option>
            ))}
          </select>
        </label>
      )}
      <Player key={name(shown)} sheet={shown} chosen={chosen} onChoose={props.onChoose} />
      {trail.batchesLeftOut > 0 && (
        <p class="faint">
          {counted(trail.batchesLeftOut, "batch", "batches")} left out: the session is too long to draw whole.
        </p>
      )}
    </div>
  );
}

function samples(page: TrailPage): Sample[] {
  return page.paths
    .flatMap((p) => p.at.map((at, i) => ({ at, x: p.x[i] ?? 0, y: p.y[i] ?? 0 })))
    .sort((a, b) => a.at - b.at);
}

/** Lines of an SVG path through the samples up to a moment. */
function line(points: Sample[], fromMs: number, toMs: number): string {
  let d = "";
  let before = -Infinity;
  for (const p of points) {
    if (p.at < fromMs) continue;
    if (p.at > toMs) break;
    d += `${p.at - before > PAUSE_MS ? "M" : "L"}${p.x} ${p.y}`;
    before = p.at;
  }
  return d;
}

/** When something happens: playing jumps from one stretch to the next. */
function busy(page: TrailPage, points: Sample[]): number[] {
  return [
    ...points.map((p) => p.at),
    ...page.presses.map((p) => p.at),
    ...page.scrolls.flatMap((s) => s.at),
  ].sort((a, b) => a - b);
}

function Player(props: { sheet: Sheet; chosen: number | null; onChoose(ordinal: number | null): void }) {
  const { page, signals, endMs } = props.sheet;
  const points = useMemo(() => samples(page), [page]);
  const moments = useMemo(() => busy(page, points), [page, points]);
  const [atMs, setAt] = useState<number | null>(null);
  const [playing, setPlaying] = useState(false);
  const at = useRef(0);
  const to = atMs ?? endMs;

  useEffect(() => {
    if (!playing) return;
    let last = performance.now();
    let frame = requestAnimationFrame(function step(nowMs) {
      let next = at.current + (nowMs - last);
      last = nowMs;
      const upcoming = moments.find((m) => m >= next);
      if (upcoming !== undefined && upcoming - next > IDLE_MS) next = upcoming - IDLE_MS / 2;
      at.current = next;
      if (next >= endMs) {
        setAt(null);
        setPlaying(false);
        return;
      }
      setAt(next);
      frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing, endMs, moments]);

  const play = () => {
    at.current = atMs ?? 0;
    setPlaying(!playing);
  };
  const seek = (ms: number) => {
    setPlaying(false);
    at.current = ms;
    setAt(ms >= endMs ? null : ms);
  };

  return (
    <>
      <Screen sheet={props.sheet} points={points} to={to} moving={atMs !== null} chosen={props.chosen} onChoose={props.onChoose} />
      <div class="player">
        <button class="play" onClick={play} aria-label={playing ? "Pause" : "Play the trail"} data-testid="play">
          <svg viewBox="0 0 16 16" aria-hidden="true">
            {playing ? <path d="M4 3h3v10H4zM9 3h3v10H9z" /> : <path d="M4 2.500v11l9-5.500z" />}
          </svg>
        </button>
        <input
          type="range"
          min="0"
          max={endMs}
          step="50"
          value={to}
          aria-label="Moment of the page view"
          aria-valuetext={offset(to)}
          onInput={(e) => seek(Number(e.currentTarget.value))}
        />
        <span class="player-time">
          {offset(to)} / {offset(endMs)}
        </span>
      </div>
      <Scrolls page={page} endMs={endMs} to={to} />
      <p class="legend faint">
        {counted(points.length, "sample")}, {counted(page.presses.length, "press", "presses")}
        {signals.length > 0 && <>, {counted(signals.length, "signal")}</>}
        {page.viewportWidth > 0 && (
          <>
            {" "}
            on {page.viewportWidth} × {page.viewportHeight} px
          </>
        )}
      </p>
    </>
  );
}

/** How far the page was scrolled at a moment, px; null before it is known. */
function scrolledTo(page: TrailPage, atMs: number): number | null {
  let y: number | null = null;
  for (const s of page.scrolls) {
    for (let i = 0; i < s.at.length && (s.at[i] ?? 0) <= atMs; i++) y = s.y[i] ?? y;
  }
  return y;
}

function Screen(props: {
  sheet: Sheet;
  points: Sample[];
  to: number;
  moving: boolean;
  chosen: number | null;
  onChoose(ordinal: number | null): void;
}) {
  const { page, signals } = props.sheet;
  const { points, to, moving } = props;
  const width = page.viewportWidth || Math.max(320, ...points.map((p) => p.x + 20));
  const height = page.viewportHeight || Math.max(320, ...points.map((p) => p.y + 20));
  // What is drawn keeps its size on the screen, whatever the viewport's.
  const unit = Math.max(width, height * 0.9) / 560;
  const pointer = moving ? points.findLast((p) => p.at <= to) : undefined;
  const presses = page.presses.filter((p) => p.at <= to);
  const reached = signals.filter((s) => s.atMs - page.startedMs <= to);
  const document = Math.max(page.documentHeight, height);
  const y = scrolledTo(page, to) ?? 0;
  const rail = { x: width - 7 * unit, top: 6 * unit, length: height - 12 * unit };
  const label = `Trail on ${page.path}: ${counted(points.length, "sample")}, ${counted(page.presses.length, "press", "presses")}, ${counted(signals.length, "signal")}`;
  return (
    <svg
      class={`screen ${height > width ? "tall" : "wide"}`}
      viewBox={`${-unit} ${-unit} ${width + 2 * unit} ${height + 2 * unit}`}
      role="group"
      aria-label={label}
      data-testid="trail"
    >
      <rect class="glass" width={width} height={height} rx={6 * unit} />
      {[0.25, 0.5, 0.75].map((part) => (
        <g key={part} class="grid" stroke-width={0.6 * unit}>
          <line x1={width * part} x2={width * part} y2={height} />
          <line y1={height * part} y2={height * part} x2={width} />
        </g>
      ))}
      {document > height && (
        <g class="rail">
          <rect x={rail.x} y={rail.top} width={3 * unit} height={rail.length} rx={1.5 * unit} />
          <rect
            class="thumb"
            x={rail.x}
            y={rail.top + (y / document) * rail.length}
            width={3 * unit}
            height={Math.max(8 * unit, (height / document) * rail.length)}
            rx={1.5 * unit}
          />
        </g>
      )}
      <path class="line" d={line(points, 0, to)} stroke-width={1.3 * unit} />
      {moving && <path class="line recent" d={line(points, to - RECENT_MS, to)} stroke-width={2 * unit} />}
      {presses.map((p, i) => {
        const age = (to - p.at) / RIPPLE_MS;
        return (
          <g key={i} class="press">
            <title>{`press ${i + 1} at ${offset(p.at)}${p.label ? ` on “${p.label}”` : ""}\n${p.selector}`}</title>
            {moving && age < 1 && <circle class="ripple" cx={p.x} cy={p.y} r={(6 + age * 14) * unit} stroke-width={1.5 * unit} opacity={1 - age} />}
            <circle cx={p.x} cy={p.y} r={4 * unit} />
          </g>
        );
      })}
      {reached.map((s) => {
        const chosen = props.chosen === s.ordinal;
        return (
          <g
            key={s.ordinal}
            class={`ring kind ${s.signal} ${chosen ? "chosen" : ""}`}
            data-testid="trail-signal"
            onClick={() => props.onChoose(chosen ? null : s.ordinal)}
          >
            <title>{`${words(s.signal)}\n${s.reason}`}</title>
            <circle
              class="halo"
              cx={s.x}
              cy={s.y}
              r={(10 + (s.intensityMilli / 1_000) * 10) * unit}
              stroke-width={(chosen ? 3 : 1.8) * unit}
            />
            {chosen && <Tag x={s.x} y={s.y} width={width} unit={unit} text={words(s.signal)} />}
          </g>
        );
      })}
      {pointer && (
        <path
          class="pointer"
          transform={`translate(${pointer.x} ${pointer.y}) scale(${unit})`}
          d="M0 0v13l3.400-3 2.200 5 2.400-1-2.200-5h4.700z"
        />
      )}
    </svg>
  );
}

/** A word beside a point, kept inside the screen. */
function Tag(props: { x: number; y: number; width: number; unit: number; text: string }) {
  const { unit, text, width } = props;
  const w = (text.length * 6.6 + 14) * unit;
  const x = Math.min(Math.max(props.x - w / 2, 2 * unit), width - w - 2 * unit);
  const above = props.y > 50 * unit;
  const y = above ? props.y - 46 * unit : props.y + 26 * unit;
  return (
    <g class="ring-tag">
      <rect x={x} y={y} width={w} height={20 * unit} rx={4 * unit} />
      <text x={x + w / 2} y={y + 14 * unit} font-size={12 * unit} text-anchor="middle">
        {text}
      </text>
    </g>
  );
}

/** Which part of the document was in view, over the time of the page view. */
function Scrolls(props: { page: TrailPage; endMs: number; to: number }) {
  const { page, endMs, to } = props;
  const total = Math.max(page.documentHeight, page.viewportHeight, 1);
  const readings = page.scrolls.flatMap((s) => s.at.map((at, i) => ({ at, y: s.y[i] ?? 0 })));
  if (readings.length === 0 || page.documentHeight <= page.viewportHeight) return null;
  const x = (at: number) => (at / endMs) * 100;
  const h = (y: number) => (y / total) * SCROLL_HEIGHT;
  const seen = Math.max(2, h(page.viewportHeight || total / 4));
  const known = readings.sort((a, b) => a.at - b.at);
  const start = known[0]?.y ?? 0;
  const steps = [{ at: 0, y: known[0]?.at === 0 ? start : 0 }, ...known, { at: endMs, y: known.at(-1)?.y ?? 0 }];
  const upper = steps.map((s) => `${x(s.at)},${h(s.y)}`);
  const lower = steps.map((s) => `${x(s.at)},${Math.min(SCROLL_HEIGHT, h(s.y) + seen)}`).reverse();
  const deepest = Math.min(1, Math.max(...known.map((s) => (s.y + page.viewportHeight) / total)));
  return (
    <figure class="scrolls">
      <svg
        viewBox={`0 0 100 ${SCROLL_HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Scrolled down to ${Math.round(deepest * 100)} % of the page`}
        data-testid="scrolls"
      >
        <rect class="document" width="100" height={SCROLL_HEIGHT} />
        <polygon class="window" points={[...upper, ...lower].join(" ")} />
        <line class="playhead" x1={x(to)} x2={x(to)} y2={SCROLL_HEIGHT} />
      </svg>
      <figcaption class="faint">Part of the page in view, from top to bottom of {page.documentHeight} px</figcaption>
    </figure>
  );
}
