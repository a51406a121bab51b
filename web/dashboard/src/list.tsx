// The live list of sessions.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { listSessions, wantsKey } from "./api";
import type { Order } from "./api";
import { scoresNow } from "./decay";
import { ago, counted, shortId, words } from "./format";
import { listen } from "./live";
import { later } from "./model";
import type { Session } from "./model";
import { Device, Meter, NotEnough, Notice, Pillars, Reasons, SCORE_WORDS, Status, useNow } from "./parts";

const PAGE_SESSIONS = 100;
/** What the list keeps at most; older ones fall out of it. */
const LIST_SESSIONS_MAX = 500;
/** An update so young may not have reached the store yet. */
const RECENT_MS = 10_000;
/** From here on a session's frustration now is worth a look. */
const FRUSTRATED_NOW_MILLI = 4_000;

interface Filter {
  order: Order;
  frustrationMin: number;
  text: string;
  liveOnly: boolean;
}

const FILTER_NONE: Filter = { order: "newest", frustrationMin: 0, text: "", liveOnly: false };
let remembered = FILTER_NONE;

const MINIMA = [
  { milli: 0, label: "any" },
  { milli: 2_000, label: "2 and more" },
  { milli: 5_000, label: "5 and more" },
  { milli: 8_000, label: "8 and more" },
];

function matches(s: Session, filter: Filter): boolean {
  if (filter.liveOnly && s.status !== "open") return false;
  if (filter.frustrationMin > 0 && (!s.scored || s.scores.frustration < filter.frustrationMin)) {
    return false;
  }
  const wanted = filter.text.trim().toLowerCase();
  if (!wanted) return true;
  const said = [
    s.id,
    s.entryPath,
    s.exitPath,
    s.device,
    s.os,
    s.browser,
    ...s.contributors.flatMap((c) => [words(c.signal), c.text]),
  ];
  return said.some((part) => part.toLowerCase().includes(wanted));
}

function ordered(sessions: Session[], order: Order): Session[] {
  // By the beginning, not the newest interaction: rows of live sessions would
  // change places all the time.
  const newest = (a: Session, b: Session) => b.startedMs - a.startedMs || (a.id < b.id ? 1 : -1);
  const felt = (s: Session) => (s.scored ? s.scores.frustration : -1);
  return sessions.sort(
    order === "newest" ? newest : (a, b) => felt(b) - felt(a) || newest(a, b),
  );
}

/**
 * What was loaded, but with what a recent update told later: the store is
 * about a second behind the log.
 */
function reconciledList(
  known: ReadonlyMap<string, Session> | null,
  found: Session[],
  changed: ReadonlyMap<string, number>,
): Map<string, Session> {
  const next = new Map(found.map((s) => [s.id, s]));
  for (const session of known?.values() ?? []) {
    if (Date.now() - (changed.get(session.id) ?? 0) > RECENT_MS) continue;
    const loaded = next.get(session.id);
    if (!loaded || later(session, loaded)) next.set(session.id, session);
  }
  return next;
}

export function SessionList(props: { onLocked(): void }) {
  const [sessions, setSessions] = useState<ReadonlyMap<string, Session> | null>(null);
  const [filter, setFilter] = useState(remembered);
  const [problem, setProblem] = useState("");
  const [older, setOlder] = useState<"more" | "loading" | "none">("none");
  const nowMs = useNow();
  const changed = useRef(new Map<string, number>());
  const { order, frustrationMin } = filter;
  const { onLocked } = props;

  useEffect(() => {
    document.title = "Sessions · Furrow";
  }, []);

  useEffect(() => {
    remembered = filter;
  }, [filter]);

  useEffect(() => {
    let ask = new AbortController();
    const load = async () => {
      ask.abort();
      const mine = (ask = new AbortController());
      try {
        const question = { order, frustrationMin, limit: PAGE_SESSIONS, beforeMs: 0 };
        const found = await listSessions(question, mine.signal);
        setSessions((known) => reconciledList(known, found, changed.current));
        setOlder(found.length === PAGE_SESSIONS && order === "newest" ? "more" : "none");
        setProblem("");
      } catch (error) {
        if (mine.signal.aborted) return;
        if (wantsKey(error)) return onLocked();
        setProblem(error instanceof Error ? error.message : "The sessions could not be loaded.");
      }
    };
    void load();
    const stop = listen({
      onResync: () => void load(),
      onUpdate: ({ session }) => {
        changed.current.set(session.id, Date.now());
        setSessions((old) => {
          const next = new Map(old ?? []);
          next.set(session.id, session);
          if (next.size > LIST_SESSIONS_MAX) {
            const oldest = [...next.values()].reduce((a, b) => (b.startedMs < a.startedMs ? b : a));
            next.delete(oldest.id);
          }
          return next;
        });
      },
    });
    return () => {
      stop();
      ask.abort();
    };
  }, [order, frustrationMin, onLocked]);

  const loadOlder = async () => {
    if (!sessions) return;
    setOlder("loading");
    try {
      const beforeMs = Math.min(...[...sessions.values()].map((s) => s.lastInteractionMs));
      const found = await listSessions({ order, frustrationMin, limit: PAGE_SESSIONS, beforeMs });
      setSessions((old) => new Map([...(old ?? []), ...found.map((s) => [s.id, s] as const)]));
      const full = sessions.size + found.length >= LIST_SESSIONS_MAX;
      setOlder(found.length === PAGE_SESSIONS && !full ? "more" : "none");
    } catch (error) {
      setOlder("more");
      setProblem(error instanceof Error ? error.message : "Older sessions could not be loaded.");
    }
  };

  const shown = useMemo(
    () => ordered([...(sessions?.values() ?? [])].filter((s) => matches(s, filter)), order),
    [sessions, filter, order],
  );

  return (
    <>
      <div class="page-head">
        <h1>Sessions</h1>
        <Summary sessions={sessions} nowMs={nowMs} />
      </div>
      <Tools filter={filter} onFilter={setFilter} />
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {sessions === null ? (
        !problem && <p class="loading">Loading sessions…</p>
      ) : shown.length > 0 ? (
        <>
          <Table sessions={shown} nowMs={nowMs} changed={changed.current} />
          {older !== "none" && (
            <button class="more" disabled={older === "loading"} onClick={() => void loadOlder()}>
              {older === "loading" ? "Loading…" : "Load older sessions"}
            </button>
          )}
        </>
      ) : sessions.size === 0 && frustrationMin === 0 ? (
        <Empty />
      ) : (
        <Notice title="No session matches" testid="no-match">
          <p>
            {sessions.size > 0 && `${counted(sessions.size, "session")} loaded, none of them fits. `}
            <button class="plain" onClick={() => setFilter({ ...FILTER_NONE, order })}>
              Show all
            </button>
          </p>
        </Notice>
      )}
    </>
  );
}

function Summary(props: { sessions: ReadonlyMap<string, Session> | null; nowMs: number }) {
  if (!props.sessions || props.sessions.size === 0) return null;
  const all = [...props.sessions.values()];
  const live = all.filter((s) => s.status === "open");
  const upset = live.filter(
    (s) => s.scored && scoresNow(s, props.nowMs).frustration >= FRUSTRATED_NOW_MILLI,
  );
  return (
    <p class="summary">
      <span>
        <b>{live.length}</b> live
      </span>
      <span class={upset.length > 0 ? "upset" : ""}>
        <b>{upset.length}</b> frustrated now
      </span>
      <span>
        <b>{all.length}</b> shown here
      </span>
    </p>
  );
}

function Tools(props: { filter: Filter; onFilter(filter: Filter): void }) {
  const { filter, onFilter } = props;
  const orders: { order: Order; label: string }[] = [
    { order: "newest", label: "Newest" },
    { order: "most_frustrated", label: "Most frustrated" },
  ];
  return (
    <div class="tools" role="group" aria-label="Which sessions">
      <fieldset class="segments">
        <legend class="hidden">Order</legend>
        {orders.map(({ order, label }) => (
          <label key={order} class={filter.order === order ? "chosen" : ""}>
            <input
              type="radio"
              name="order"
              checked={filter.order === order}
              onChange={() => onFilter({ ...filter, order })}
              data-testid={`order-${order}`}
            />
            {label}
          </label>
        ))}
      </fieldset>
      <label class="select">
        Frustration
        <select
          value={String(filter.frustrationMin)}
          onChange={(e) => onFilter({ ...filter, frustrationMin: Number(e.currentTarget.value) })}
          data-testid="frustration-min"
        >
          {MINIMA.map(({ milli, label }) => (
            <option key={milli} value={milli}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={filter.liveOnly}
          onChange={(e) => onFilter({ ...filter, liveOnly: e.currentTarget.checked })}
          data-testid="live-only"
        />
        live only
      </label>
      <input
        class="search"
        type="search"
        placeholder="Filter by page, reason, device or id"
        aria-label="Filter by page, reason, device or id"
        value={filter.text}
        onInput={(e) => onFilter({ ...filter, text: e.currentTarget.value })}
        data-testid="filter"
      />
    </div>
  );
}

function Table(props: { sessions: Session[]; nowMs: number; changed: Map<string, number> }) {
  // Up and down move between rows, as in any list.
  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    const links = [...(event.currentTarget as Element).querySelectorAll<HTMLElement>(".row-link")];
    const next = links[links.indexOf(document.activeElement as HTMLElement) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  };
  return (
    <table class="sessions" onKeyDown={move}>
      <thead>
        <tr>
          <th scope="col">Session</th>
          <th scope="col" class="col-score col-first">Frustration</th>
          <th scope="col" class="col-score col-first">Confusion</th>
          <th scope="col" class="col-score col-first">Exit risk</th>
          <th scope="col" class="col-score">Experience</th>
          <th scope="col" class="col-score col-engagement">Engagement</th>
          <th scope="col" class="col-pillars">Trouble with</th>
          <th scope="col">Why</th>
          <th scope="col" class="col-time">Started</th>
        </tr>
      </thead>
      <tbody>
        {props.sessions.map((s) => (
          <Row
            key={s.id}
            session={s}
            nowMs={props.nowMs}
            fresh={Date.now() - (props.changed.get(s.id) ?? 0) < 1_500}
          />
        ))}
      </tbody>
    </table>
  );
}

/** What a row shows as it is now, while the session is open. */
const FADING = ["frustration", "confusion", "exitRisk"] as const;

function Row(props: { session: Session; nowMs: number; fresh: boolean }) {
  const { session: s, nowMs } = props;
  const path = s.exitPath || s.entryPath || "/";
  const current = s.status === "open" ? scoresNow(s, nowMs) : null;
  return (
    <tr
      class={`${s.status} ${props.fresh ? "fresh" : ""}`}
      data-testid="session-row"
      data-session={s.id}
      data-status={s.status}
    >
      <th scope="row" class="col-session">
        <span class="first">
          <a class="row-link" href={`#/sessions/${s.id}`}>
            <span class="path">{path}</span>
          </a>
          {s.conversions > 0 && (
            <span class="tag good">{s.conversions === 1 ? "converted" : `converted ×${s.conversions}`}</span>
          )}
          {s.automated && <span class="tag">automated</span>}
        </span>
        <span class="about">
          <Status status={s.status} />
          <span class="id">{shortId(s.id)}</span>
          <span>
            <Device session={s} />
          </span>
        </span>
      </th>
      {s.scored ? (
        <>
          {FADING.map((kind) => (
            <td key={kind} class="col-score col-first" data-label={SCORE_WORDS[kind]}>
              <Meter kind={kind} milli={s.scores[kind]} nowMilli={current?.[kind]} />
            </td>
          ))}
          <td class="col-score" data-label="Experience">
            <Meter kind="experience" milli={s.scores.experience} />
          </td>
          <td class="col-score col-engagement" data-label="Engagement">
            <Meter kind="engagement" milli={s.scores.engagement} />
          </td>
          <td class="col-pillars">
            <Pillars scores={s.scores} />
          </td>
        </>
      ) : (
        <>
          <td class="col-score col-first col-unscored">
            <NotEnough />
          </td>
          <td class="col-score col-first" />
          <td class="col-score col-first" />
          <td class="col-score" />
          <td class="col-score col-engagement" />
          <td class="col-pillars" />
        </>
      )}
      <td class="col-why">
        {s.scored && <Reasons contributors={s.contributors} />}
      </td>
      <td class="col-time" data-label="Started">
        <time dateTime={new Date(s.startedMs).toISOString()}>{ago(s.startedMs, nowMs)}</time>
      </td>
    </tr>
  );
}

function Empty() {
  return (
    <Notice title="No session yet" testid="empty">
      <p>Sessions appear here a moment after their first interaction. Send one:</p>
      <ol class="ways">
        <li>
          <b>From the demo shop.</b> With <code>furrow up --demo</code> it stands at{" "}
          <a href={`http://${location.hostname}:7120/`}>{location.hostname}:7120</a>. Press the button
          that does nothing, a few times.
        </li>
        <li>
          <b>From your own page.</b>
          <pre>
            <code>{`<script src="furrow.iife.js"></script>
<script>
  furrow.init({
    endpoint: "http://${location.hostname}:7117",
    key: "furrow-demo",
  });
</script>`}</code>
          </pre>
        </li>
        <li>
          <b>From any gRPC client.</b> Call <code>furrow.v1.IngestService/Publish</code> on port 7117
          with the write key in <code>x-furrow-key</code>.
        </li>
      </ol>
    </Notice>
  );
}
