// The pipeline's own health as the query service tells it, and what to make of
// it.

import { fields, list, num, text } from "./model";

/** How far a role is behind one topic, in its worst partition. */
export interface RoleLag {
  role: string;
  topic: string;
  partitions: number;
  records: number;
  seconds: number;
  partition: number;
  /** From here on the role is not ready; 0 for never. */
  secondsMax: number;
  recordsGone: number;
  /** 0 for not measured yet. */
  measuredMs: number;
  problem: string;
}

export type CanaryOutcome =
  | "none"
  | "arrived"
  | "not accepted"
  | "not archived"
  | "not scored"
  | "not readable";

export interface Canary {
  outcome: CanaryOutcome;
  tookMs: number;
  endedMs: number;
  arrivedMs: number;
  everyMs: number;
  failures: number;
  detail: string;
}

export interface Count {
  name: string;
  count: number;
}

export interface Law {
  name: string;
  whole: Count;
  parts: Count[];
  holds: boolean;
  missing: number;
}

export interface Health {
  atMs: number;
  lags: RoleLag[];
  canary: Canary | null;
  laws: Law[];
  deadLetters: Count[];
  deadLettersSinceMs: number;
  retentionS: number;
}

const OUTCOMES: Record<string, CanaryOutcome> = {
  CANARY_OUTCOME_ARRIVED: "arrived",
  CANARY_OUTCOME_NOT_ACCEPTED: "not accepted",
  CANARY_OUTCOME_NOT_ARCHIVED: "not archived",
  CANARY_OUTCOME_NOT_SCORED: "not scored",
  CANARY_OUTCOME_NOT_READABLE: "not readable",
};

const roleLag = (v: unknown): RoleLag => {
  const f = fields(v);
  return {
    role: text(f["role"]),
    topic: text(f["topic"]),
    partitions: num(f["partitions"]),
    records: num(f["records"]),
    seconds: num(f["seconds"]),
    partition: num(f["partition"]),
    secondsMax: num(f["secondsMax"]),
    recordsGone: num(f["recordsGone"]),
    measuredMs: num(f["measuredMs"]),
    problem: text(f["problem"]),
  };
};

const canary = (v: unknown): Canary | null => {
  if (v === undefined || v === null) return null;
  const f = fields(v);
  return {
    outcome: OUTCOMES[text(f["outcome"])] ?? "none",
    tookMs: num(f["tookMs"]),
    endedMs: num(f["endedMs"]),
    arrivedMs: num(f["arrivedMs"]),
    everyMs: num(f["everyMs"]),
    failures: num(f["failures"]),
    detail: text(f["detail"]),
  };
};

const count = (v: unknown): Count => {
  const f = fields(v);
  return { name: text(f["name"]), count: num(f["count"]) };
};

const law = (v: unknown): Law => {
  const f = fields(v);
  return {
    name: text(f["name"]),
    whole: count(f["whole"]),
    parts: list(f["parts"], count),
    holds: f["holds"] === true,
    missing: num(f["missing"]),
  };
};

/** Reads GetHealthResponse. */
export function readHealth(v: unknown): Health {
  const f = fields(v);
  return {
    atMs: num(f["atMs"]),
    lags: list(f["lags"], roleLag),
    canary: canary(f["canary"]),
    laws: list(f["laws"], law),
    deadLetters: list(f["deadLetters"], (item) => {
      const letter = fields(item);
      return { name: text(letter["reason"]), count: num(letter["count"]) };
    }),
    deadLettersSinceMs: num(f["deadLettersSinceMs"]),
    retentionS: num(f["retentionS"]),
  };
}

export type Level = "good" | "unknown" | "bad";

/** Part of the retention after which unread records are in danger. */
const RETENTION_SHARE = 0.5;

/** How a role's lag is to be taken, and why if it is bad. */
export function lagLevel(lag: RoleLag, retentionS: number): { level: Level; why: string } {
  const bad = (why: string) => ({ level: "bad" as const, why });
  if (lag.problem) return bad(`not measured: ${lag.problem}`);
  if (lag.measuredMs === 0) return { level: "unknown", why: "not measured yet" };
  if (lag.recordsGone > 0) return bad(`${lag.recordsGone} records were dropped before they were read`);
  if (retentionS > 0 && lag.seconds > retentionS * RETENTION_SHARE) {
    return bad("the oldest unread records are soon older than what the log keeps");
  }
  if (lag.secondsMax > 0 && lag.seconds > lag.secondsMax) return bad("too far behind");
  return { level: "good", why: "" };
}

/** How many intervals may pass without a canary that arrived. */
const INTERVALS_MAX = 3;

/** How the canary is to be taken, and why if it is bad. */
export function canaryLevel(c: Canary, nowMs: number): { level: Level; why: string } {
  if (c.outcome === "none") return { level: "unknown", why: "none has come back yet" };
  if (c.outcome !== "arrived") return { level: "bad", why: c.detail || c.outcome };
  if (nowMs - c.arrivedMs > INTERVALS_MAX * c.everyMs) return { level: "bad", why: "none came back for long" };
  return { level: "good", why: "" };
}
