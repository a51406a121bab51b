// How well the pipeline itself is doing.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { getHealth, wantsKey } from "./api";
import { ago, counted, dateTime, lasting, words } from "./format";
import { useNow } from "./parts";
import { canaryLevel, lagLevel } from "./pipeline";
import type { Canary, Count, Health, Law, Level, RoleLag } from "./pipeline";

/** The service looks at the log as often. */
const ASK_EVERY_MS = 2_000;

export function HealthPage(props: { onLocked(): void }) {
  const [health, setHealth] = useState<Health | null>(null);
  const [problem, setProblem] = useState("");
  const nowMs = useNow();
  const { onLocked } = props;

  useEffect(() => {
    document.title = "Health · Furrow";
  }, []);

  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      try {
        setHealth(await getHealth(ending.signal));
        setProblem("");
      } catch (error) {
        if (ending.signal.aborted) return;
        if (wantsKey(error)) return onLocked();
        setProblem(error instanceof Error ? error.message : "The health could not be loaded.");
      }
      timer = setTimeout(() => void ask(), ASK_EVERY_MS);
    };
    void ask();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [onLocked]);

  return (
    <>
      <div class="page-head">
        <h1>Health</h1>
        {health && <Whole health={health} nowMs={nowMs} />}
      </div>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {health ? (
        <div class="health">
          <Lags lags={health.lags} retentionS={health.retentionS} />
          <div class="health-pair">
            <CanaryPart canary={health.canary} nowMs={nowMs} />
            <DeadLetters letters={health.deadLetters} sinceMs={health.deadLettersSinceMs} />
          </div>
          <Laws laws={health.laws} />
        </div>
      ) : (
        !problem && <p class="loading">Asking the pipeline…</p>
      )}
    </>
  );
}

function Whole(props: { health: Health; nowMs: number }) {
  const { health, nowMs } = props;
  const levels = [
    ...health.lags.map((lag) => lagLevel(lag, health.retentionS).level),
    ...(health.canary ? [canaryLevel(health.canary, nowMs).level] : []),
    ...health.laws.map((law): Level => (law.holds ? "good" : "bad")),
  ];
  const level = levels.includes("bad") ? "bad" : levels.includes("unknown") ? "unknown" : "good";
  const said = { good: "all well", unknown: "not all known yet", bad: "needs a look" }[level];
  return (
    <p class="summary">
      <State level={level} testid="health">
        {said}
      </State>
    </p>
  );
}

/** A state in a word, with its colour; the word alone says it as well. */
function State(props: { level: Level; children: ComponentChildren; testid?: string }) {
  return (
    <span class={`status state-${props.level}`} data-testid={props.testid} data-level={props.level}>
      <span class="dot" aria-hidden="true" />
      {props.children}
    </span>
  );
}

function Lags(props: { lags: RoleLag[]; retentionS: number }) {
  return (
    <section aria-labelledby="lag">
      <h2 id="lag">Lag</h2>
      <div class="scroller" tabIndex={0} role="region" aria-labelledby="lag">
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col">Role</th>
              <th scope="col">Reads</th>
              <th scope="col" class="n">Behind</th>
              <th scope="col" class="n">Records</th>
              <th scope="col" class="n">Worst partition</th>
              <th scope="col">State</th>
            </tr>
          </thead>
          <tbody>
            {props.lags.map((lag) => (
              <LagRow key={`${lag.role} ${lag.topic}`} lag={lag} retentionS={props.retentionS} />
            ))}
          </tbody>
        </table>
      </div>
      <p class="faint">
        Behind is the age of the oldest record that a role has not passed on durably. The log keeps
        records for {lasting(props.retentionS * 1_000)}.
      </p>
    </section>
  );
}

function LagRow(props: { lag: RoleLag; retentionS: number }) {
  const { lag } = props;
  const { level, why } = lagLevel(lag, props.retentionS);
  const isKnown = lag.measuredMs > 0;
  return (
    <tr data-testid="lag" data-role={lag.role} data-topic={lag.topic}>
      <th scope="row">{lag.role}</th>
      <td>{lag.topic}</td>
      <td class="n" data-testid="behind">
        {isKnown ? behind(lag.seconds) : "–"}
      </td>
      <td class="n">{isKnown ? lag.records.toLocaleString("en-GB") : "–"}</td>
      <td class="n">{lag.records > 0 ? `${lag.partition} of ${lag.partitions}` : "–"}</td>
      <td>
        <State level={level}>{why || (lag.records > 0 ? "keeps up" : "caught up")}</State>
      </td>
    </tr>
  );
}

/** Tenths of a second while they say something. */
const behind = (seconds: number): string =>
  seconds < 10 ? `${seconds.toFixed(1)} s` : lasting(seconds * 1_000);

function CanaryPart(props: { canary: Canary | null; nowMs: number }) {
  const { canary, nowMs } = props;
  return (
    <section aria-labelledby="canary" data-testid="canary">
      <h2 id="canary">Canary</h2>
      {canary ? (
        <>
          <p>
            <State {...canaryLevel(canary, nowMs)} testid="canary-state">
              {canary.outcome === "none" ? "none yet" : canary.outcome}
            </State>
          </p>
          <dl>
            <dt>From sending to ClickHouse</dt>
            <dd>{canary.arrivedMs > 0 ? `${(canary.tookMs / 1_000).toFixed(2)} s` : "–"}</dd>
            <dt>Last arrived</dt>
            <dd>{canary.arrivedMs > 0 ? ago(canary.arrivedMs, nowMs) : "never since the start"}</dd>
            <dt>Failed since the start</dt>
            <dd>{canary.failures.toLocaleString("en-GB")}</dd>
          </dl>
          {canary.outcome !== "arrived" && canary.detail && <p class="faint">{canary.detail}</p>}
        </>
      ) : (
        <p class="faint">None is sent from here. Set canary.ingest and canary.key.</p>
      )}
    </section>
  );
}

function DeadLetters(props: { letters: Count[]; sinceMs: number }) {
  return (
    <section aria-labelledby="letters" data-testid="dead-letters">
      <h2 id="letters">Dead letters</h2>
      {props.letters.length === 0 ? (
        <p class="faint">None: every record could be used.</p>
      ) : (
        <>
          <dl>
            {props.letters.map(({ name, count }) => (
              <Pair key={name} name={words(name)} count={count} />
            ))}
          </dl>
          <p class="faint">Since {dateTime(props.sinceMs)}.</p>
        </>
      )}
    </section>
  );
}

function Pair(props: { name: string; count: number }) {
  return (
    <>
      <dt>{props.name}</dt>
      <dd>{props.count.toLocaleString("en-GB")}</dd>
    </>
  );
}

function Laws(props: { laws: Law[] }) {
  return (
    <section aria-labelledby="laws">
      <h2 id="laws">Nothing lost</h2>
      {props.laws.length === 0 ? (
        <p class="faint">
          No gateway or scorer counts in this process. Ask theirs: <code>furrow doctor --process ADDRESS</code>.
        </p>
      ) : (
        <ul class="laws">
          {props.laws.map((law) => (
            <li key={law.name} data-testid="law" data-law={law.name} data-holds={law.holds}>
              <State level={law.holds ? "good" : "bad"}>
                {law.holds ? "holds" : `broken by ${counted(Math.abs(law.missing), "record")}`}
              </State>
              <span>
                <b>{law.name}</b>: {law.whole.count.toLocaleString("en-GB")} {law.whole.name} ={" "}
                {law.parts.map((part) => `${part.count.toLocaleString("en-GB")} ${part.name}`).join(" + ")}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
