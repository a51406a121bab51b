// One session: its scores and reasons, its signals in time, its trail.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Refused, getSession, getTrail, wantsKey } from "./api";
import { scoresNow } from "./decay";
import { ago, clock, counted, dateTime, lasting, money, offset, percent, score, words } from "./format";
import { listen } from "./live";
import { Measures } from "./measures";
import { merged, reconciled } from "./model";
import type { Contributor, Conversion, Detail, Session, Signal, Trail } from "./model";
import { PageViews } from "./pageviews";
import { Device, Fill, Meter, NotEnough, Notice, Reason, SCORE_WORDS, Status, level, useNow } from "./parts";
import type { Kind } from "./parts";
import { Timeline } from "./timeline";
import { Trails } from "./trail";

/** A trail is drawn from the archive: it follows the scores at this pace. */
const TRAIL_PACE_MS = 3_000;

export function SessionPage(props: { id: string; onLocked(): void }) {
  const { id, onLocked } = props;
  const [detail, setDetail] = useState<Detail | null>(null);
  const [trail, setTrail] = useState<Trail | null>(null);
  const [trailProblem, setTrailProblem] = useState("");
  const [problem, setProblem] = useState("");
  const [chosen, setChosen] = useState<number | null>(null);
  const nowMs = useNow();

  useEffect(() => {
    const ask = new AbortController();
    let trailTimer: ReturnType<typeof setTimeout> | undefined;
    let trailAskedMs = -TRAIL_PACE_MS;

    const loadTrail = async () => {
      trailTimer = undefined;
      trailAskedMs = performance.now();
      try {
        setTrail(await getTrail(id, ask.signal));
        setTrailProblem("");
      } catch (error) {
        if (ask.signal.aborted) return;
        setTrailProblem(error instanceof Error ? error.message : "The trail could not be loaded.");
      }
    };
    const trailSoon = () => {
      const wait = trailAskedMs + TRAIL_PACE_MS - performance.now();
      trailTimer ??= setTimeout(() => void loadTrail(), Math.max(0, wait));
    };
    const load = async () => {
      try {
        const loaded = await getSession(id, ask.signal);
        setDetail((known) => reconciled(known, loaded));
        setProblem("");
        trailSoon();
      } catch (error) {
        if (ask.signal.aborted) return;
        if (wantsKey(error)) return onLocked();
        if (error instanceof Refused && error.status === 404) {
          setProblem("There is no session with this id, or it is older than what is kept.");
        } else {
          setProblem(error instanceof Error ? error.message : "The session could not be loaded.");
        }
      }
    };
    void load();
    const stop = listen({
      onResync: () => void load(),
      onUpdate: (update) => {
        if (update.session.id !== id) return;
        setProblem("");
        setDetail((old) =>
          merged(old ?? { session: update.session, signals: [], pageViews: [], conversions: [] }, update),
        );
        trailSoon();
      },
    });
    return () => {
      stop();
      ask.abort();
      clearTimeout(trailTimer);
    };
  }, [id, onLocked]);

  const path = detail?.session.exitPath;
  useEffect(() => {
    document.title = `${path || "Session"} · Furrow`;
  }, [path]);

  const list = useRef<HTMLOListElement>(null);
  const choose = useCallback((ordinal: number | null) => {
    setChosen(ordinal);
    if (ordinal !== null) {
      list.current?.querySelector(`[data-ordinal="${ordinal}"]`)?.scrollIntoView({ block: "nearest" });
    }
  }, []);

  if (!detail) {
    return problem ? (
      <Notice title="This session cannot be shown" testid="no-session">
        <p>{problem}</p>
        <p>
          <a href="#/">All sessions</a>
        </p>
      </Notice>
    ) : (
      <p class="loading">Loading the session…</p>
    );
  }
  const { session, signals, pageViews, conversions } = detail;
  return (
    <article class="session" data-testid="session" data-session={session.id}>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <Head session={session} nowMs={nowMs} />
      <Overview session={session} nowMs={nowMs} />
      <section aria-labelledby="in-time">
        <h2 id="in-time">In time</h2>
        <Timeline detail={detail} chosen={chosen} onChoose={choose} />
      </section>
      <div class="columns">
        <section aria-labelledby="signals">
          <h2 id="signals">
            Signals <span class="count">{signals.length}</span>
          </h2>
          {signals.length === 0 ? (
            <p class="faint">No behaviour has been recognised in this session.</p>
          ) : (
            <ol class="signals" ref={list}>
              {signals.map((s) => (
                <SignalItem
                  key={s.ordinal}
                  signal={s}
                  startMs={session.startedMs}
                  chosen={chosen === s.ordinal}
                  onChoose={() => choose(chosen === s.ordinal ? null : s.ordinal)}
                />
              ))}
            </ol>
          )}
        </section>
        <section aria-labelledby="trail">
          <h2 id="trail">Trail</h2>
          {trail ? (
            <Trails trail={trail} detail={detail} chosen={chosen} onChoose={choose} />
          ) : trailProblem ? (
            <p class="problem" role="alert">{trailProblem}</p>
          ) : (
            <p class="loading">Loading the trail…</p>
          )}
        </section>
      </div>
      <PageViews pageViews={pageViews} startMs={session.startedMs} />
      <Measures session={session} pageViews={pageViews} />
      <Conversions conversions={conversions} startMs={session.startedMs} />
      <Facts session={session} />
    </article>
  );
}

function Head(props: { session: Session; nowMs: number }) {
  const { session: s } = props;
  return (
    <div class="page-head session-head">
      <p class="crumbs">
        <a href="#/">Sessions</a>
        <span aria-hidden="true"> / </span>
        <span class="id">{s.id}</span>
      </p>
      <h1>
        <span class="path">{s.exitPath || s.entryPath || "/"}</span>
        <Status status={s.status} />
      </h1>
      <p class="facts-line">
        <span>
          <Device session={s} />
        </span>
        <span title={dateTime(s.startedMs)}>started {ago(s.startedMs, props.nowMs)}</span>
        <span>lasted {lasting(s.lastInteractionMs - s.startedMs)}</span>
        <span>{lasting(s.engagedMs)} engaged</span>
        <span>{counted(s.pageViews, "page view")}</span>
        <span>{counted(s.presses, "press", "presses")}</span>
        {s.automated && <span class="tag">automated</span>}
      </p>
    </div>
  );
}

function Overview(props: { session: Session; nowMs: number }) {
  const { session: s, nowMs } = props;
  if (!s.scored) {
    return (
      <section class="overview unscored" aria-label="Scores" data-testid="unscored">
        <p class="big">
          <NotEnough />
        </p>
        <p class="faint">
          A session is scored from 3 s and 5 interactions on; this one has{" "}
          {counted(s.interactions, "interaction")}.
        </p>
      </section>
    );
  }
  const current = s.status === "open" ? scoresNow(s, nowMs) : null;
  const card = (kind: Kind, about: string, hero = "") => (
    <div key={kind} class={`card ${hero}`}>
      <h2>{SCORE_WORDS[kind]}</h2>
      <Meter
        kind={kind}
        milli={s.scores[kind]}
        nowMilli={kind === "experience" ? undefined : current?.[kind]}
      />
      <p class="sub">{about}</p>
    </div>
  );
  return (
    <section class="overview" aria-label="Scores">
      <div class="cards">
        {card(
          "frustration",
          current ? "over the whole session; now fades by half every 90 s" : "over the whole session",
          `hero ${level(s.scores.frustration)}`,
        )}
        {card("confusion", "not seeing what to do")}
        {card("exitRisk", "about to go")}
        {card("experience", "higher is better")}
        {card("engagement", `scrolled ${percent(s.scrollDepthMilli)} deep`)}
        {card("navigation", "trouble finding the way")}
        {card("form", "trouble filling in")}
        {card("technical", "what failed or was slow")}
        <div class="card">
          <h2>Confidence</h2>
          <span class="meter confidence" role="img" aria-label={`Confidence ${percent(s.confidenceMilli)}`}>
            <span class="meter-number">{percent(s.confidenceMilli)}</span>
            <Fill share={s.confidenceMilli / 1_000} />
          </span>
          <p class="sub">{counted(s.interactions, "interaction")}</p>
        </div>
      </div>
      <Contributors contributors={s.contributors} />
    </section>
  );
}

function Contributors(props: { contributors: Contributor[] }) {
  if (props.contributors.length === 0) {
    return <p class="faint why-none">Nothing stands out in this session.</p>;
  }
  const byScore = new Map<string, Contributor[]>();
  for (const c of props.contributors) {
    byScore.set(c.score, [...(byScore.get(c.score) ?? []), c]);
  }
  return (
    <div class="why">
      {[...byScore].map(([name, reasons]) => (
        <div key={name} class={`why-score toward-${name}`} data-testid={`why-${name}`}>
          <h3>Why {words(name)}</h3>
          <ul>
            {reasons
              .sort((a, b) => b.shareMilli - a.shareMilli)
              .map((c) => (
                <li key={c.signal}>
                  <Reason contributor={c} full />
                  <Fill share={c.shareMilli / 1_000} />
                  <span class="share">{percent(c.shareMilli)}</span>
                </li>
              ))}
          </ul>
        </div>
      ))}
    </div>
  );
}

function SignalItem(props: { signal: Signal; startMs: number; chosen: boolean; onChoose(): void }) {
  const { signal: s } = props;
  return (
    <li
      class={props.chosen ? "chosen" : ""}
      data-testid="signal"
      data-signal={s.signal}
      data-ordinal={s.ordinal}
    >
      <button class="signal" aria-pressed={props.chosen} onClick={props.onChoose}>
        <span class="when" title={clock(s.atMs)}>
          {offset(s.atMs - props.startMs)}
        </span>
        <span class="what">
          <span class="name">
            <span class={`kind ${s.signal}`}>{words(s.signal)}</span>
            {s.label && <span class="label">“{s.label}”</span>}
          </span>
          {s.selector && <code class="selector">{s.selector}</code>}
          <span class="reason-text">{s.reason}</span>
          <Evidence signal={s} />
        </span>
        <span class="intensity" title="Intensity">
          <Fill share={s.intensityMilli / 1_000} />
          <span>{percent(s.intensityMilli)}</span>
        </span>
      </button>
    </li>
  );
}

/** The presses or readings that a signal rests on, as a strip in time. */
function Evidence(props: { signal: Signal }) {
  const { evidenceAt, evidenceCount, durationMs, path } = props.signal;
  const end = Math.max(durationMs, ...evidenceAt, 1);
  return (
    <span class="evidence">
      {evidenceAt.length > 1 && (
        <svg viewBox="0 0 120 10" aria-hidden="true">
          <line x1="3" y1="5" x2="117" y2="5" />
          {evidenceAt.map((at, i) => (
            <circle key={i} cx={3 + (at / end) * 114} cy="5" r="2.6" />
          ))}
        </svg>
      )}
      <span>
        rests on {evidenceCount}
        {evidenceAt.length > 1 && ` within ${(end / 1_000).toFixed(1)} s`}
        {path && (
          <>
            {" on "}
            <span class="path">{path}</span>
          </>
        )}
      </span>
    </span>
  );
}

function Conversions(props: { conversions: Conversion[]; startMs: number }) {
  if (props.conversions.length === 0) return null;
  return (
    <section aria-labelledby="conversions">
      <h2 id="conversions">
        Conversions <span class="count">{props.conversions.length}</span>
      </h2>
      <div class="scroller" tabIndex={0} role="region" aria-labelledby="conversions">
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col">Goal</th>
              <th scope="col">Order</th>
              <th scope="col" class="n">At</th>
              <th scope="col" class="n">Value</th>
              <th scope="col" class="n">Frustration then</th>
            </tr>
          </thead>
          <tbody>
            {props.conversions.map((c) => (
              <tr key={c.ordinal} data-testid="conversion">
                <th scope="row">{c.kind || "goal"}</th>
                <td class="id">{c.orderId}</td>
                <td class="n">{offset(c.atMs - props.startMs)}</td>
                <td class="n">{money(c.valueMinor, c.currency)}</td>
                <td class="n">{score(c.frustration)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Facts(props: { session: Session }) {
  const { session: s } = props;
  const facts: [string, string][] = [
    ["Session", s.id],
    ["Visitor", s.visitor || "not told"],
    ["Property", `${s.tenant} / ${s.property}`],
    ["Started", `${dateTime(s.startedMs)} (${clock(s.startedMs)})`],
    ["Batches", `${s.batches} from ${counted(s.senders, "page load")}`],
    ["Interactions", `${s.interactions.toLocaleString("en-GB")}, ${counted(s.samples, "sample")}`],
    ["Missing batches", String(s.gaps)],
    ["Came out of order", String(s.reordered)],
    ["Unknown kinds", String(s.unknown)],
    ["Scored by", `fold ${s.foldVersion}, rules ${s.rules === 0 ? "built in" : s.rules}`],
  ];
  return (
    <details class="facts">
      <summary>How this session was recorded</summary>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
