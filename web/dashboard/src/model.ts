// The shapes of the query service in the protobuf JSON mapping, read at the
// edge: defaults that the mapping leaves out are put in, 64-bit integers
// become numbers, ids text.

/** What a session or page view is scored for, in the order in which it is shown. */
export const SCORES = [
  "frustration",
  "confusion",
  "engagement",
  "navigation",
  "form",
  "technical",
  "exitRisk",
] as const;
export type ScoreName = (typeof SCORES)[number];

/** Scores as they stood at the newest interaction, in thousandths. */
export type Running = Record<ScoreName, number>;

/** Scores over the whole time, in thousandths. */
export type Scores = Running & { experience: number };

/** A number computed from samples; its name ends in its unit. */
export interface Measured {
  measure: string;
  value: number;
}

export interface Contributor {
  signal: string;
  score: string;
  count: number;
  shareMilli: number;
  text: string;
}

export type Status = "open" | "ended" | "broken";

export interface Session {
  id: string;
  tenant: string;
  property: string;
  visitor: string;
  status: Status;
  firstRecordMs: number;
  lastRecordMs: number;
  startedMs: number;
  lastInteractionMs: number;
  device: string;
  os: string;
  browser: string;
  automated: boolean;
  entryPath: string;
  exitPath: string;
  batches: number;
  interactions: number;
  samples: number;
  presses: number;
  gaps: number;
  reordered: number;
  unknown: number;
  senders: number;
  engagedMs: number;
  scrollDepthMilli: number;
  signals: number;
  pageViews: number;
  conversions: number;
  scored: boolean;
  scores: Scores;
  running: Running;
  confidenceMilli: number;
  contributors: Contributor[];
  measures: Measured[];
  foldVersion: number;
  rules: number;
}

export interface Signal {
  ordinal: number;
  signal: string;
  atMs: number;
  durationMs: number;
  pageView: number | null;
  path: string;
  target: string;
  selector: string;
  label: string;
  x: number;
  y: number;
  intensityMilli: number;
  evidenceCount: number;
  evidenceAt: number[];
  reason: string;
  ruleVersion: number;
}

export interface PageView {
  ordinal: number;
  path: string;
  group: string;
  startedMs: number;
  lastInteractionMs: number;
  engagedMs: number;
  scrollDepthMilli: number;
  presses: number;
  interactions: number;
  samples: number;
  scored: boolean;
  scores: Scores;
  running: Running;
  confidenceMilli: number;
  contributors: Contributor[];
  measures: Measured[];
}

export interface Conversion {
  ordinal: number;
  orderId: string;
  kind: string;
  atMs: number;
  valueMinor: number;
  currency: string;
  pageView: number | null;
  frustration: number;
}

export interface Detail {
  session: Session;
  signals: Signal[];
  pageViews: PageView[];
  conversions: Conversion[];
}

export type Update = Detail & { version: bigint };

export interface TrailPage {
  sender: string;
  number: number;
  path: string;
  startedMs: number;
  viewportWidth: number;
  viewportHeight: number;
  documentHeight: number;
  paths: { at: number[]; x: number[]; y: number[] }[];
  presses: { at: number; x: number; y: number; selector: string; label: string }[];
  scrolls: { at: number[]; y: number[] }[];
}

export interface Trail {
  pages: TrailPage[];
  batchesLeftOut: number;
}

type Json = unknown;
type Fields = Record<string, Json>;

export const fields = (v: Json): Fields =>
  v !== null && typeof v === "object" && !Array.isArray(v) ? (v as Fields) : {};
export const num = (v: Json): number => {
  const n = typeof v === "string" ? Number(v) : v;
  return typeof n === "number" && Number.isFinite(n) ? n : 0;
};
const numOrNull = (v: Json): number | null => (v === undefined || v === null ? null : num(v));
export const text = (v: Json): string => (typeof v === "string" ? v : "");
export const list = <T>(v: Json, read: (item: Json) => T): T[] => (Array.isArray(v) ? v.map(read) : []);
const big = (v: Json): bigint => (/^\d+$/.test(String(v)) ? BigInt(String(v)) : 0n);

/** Bytes, which the mapping writes in base64, as hexadecimal digits. */
export function hex(base64: Json): string {
  try {
    const bytes = atob(text(base64).replace(/-/g, "+").replace(/_/g, "/"));
    return Array.from(bytes, (c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  } catch {
    return "";
  }
}

/** A UUID in its usual text form. */
export function uuid(base64: Json): string {
  const h = hex(base64);
  if (h.length !== 32) return h;
  return [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join("-");
}

const STATUS: Record<string, Status> = {
  SESSION_STATUS_ENDED: "ended",
  SESSION_STATUS_BROKEN: "broken",
};

const DEVICE: Record<string, string> = {
  DEVICE_CLASS_DESKTOP: "Desktop",
  DEVICE_CLASS_TABLET: "Tablet",
  DEVICE_CLASS_PHONE: "Phone",
  DEVICE_CLASS_OTHER: "Other device",
};

const running = (v: Json): Running => {
  const f = fields(v);
  return Object.fromEntries(SCORES.map((name) => [name, num(f[name])])) as Running;
};

const scores = (v: Json): Scores => ({ ...running(v), experience: num(fields(v)["experience"]) });

const measured = (v: Json): Measured => {
  const f = fields(v);
  return { measure: text(f["measure"]), value: num(f["value"]) };
};

const contributor = (v: Json): Contributor => {
  const f = fields(v);
  return {
    signal: text(f["signal"]),
    score: text(f["score"]),
    count: num(f["count"]),
    shareMilli: num(f["shareMilli"]),
    text: text(f["text"]),
  };
};

const session = (v: Json): Session => {
  const f = fields(v);
  return {
    id: uuid(f["sessionId"]),
    tenant: text(f["tenant"]),
    property: text(f["property"]),
    visitor: hex(f["visitorId"]),
    status: STATUS[text(f["status"])] ?? "open",
    firstRecordMs: num(f["firstRecordMs"]),
    lastRecordMs: num(f["lastRecordMs"]),
    startedMs: num(f["startedMs"]),
    lastInteractionMs: num(f["lastInteractionMs"]),
    device: DEVICE[text(f["device"])] ?? "",
    os: text(f["os"]),
    browser: text(f["browser"]),
    automated: f["automated"] === true,
    entryPath: text(f["entryPath"]),
    exitPath: text(f["exitPath"]),
    batches: num(f["batches"]),
    interactions: num(f["interactions"]),
    samples: num(f["samples"]),
    presses: num(f["presses"]),
    gaps: num(f["gaps"]),
    reordered: num(f["reordered"]),
    unknown: num(f["unknown"]),
    senders: num(f["senders"]),
    engagedMs: num(f["engagedMs"]),
    scrollDepthMilli: num(f["scrollDepthMilli"]),
    signals: num(f["signals"]),
    pageViews: num(f["pageViews"]),
    conversions: num(f["conversions"]),
    scored: f["scored"] === true,
    scores: scores(f["scores"]),
    running: running(f["running"]),
    confidenceMilli: num(f["confidenceMilli"]),
    contributors: list(f["contributors"], contributor),
    measures: list(f["measures"], measured),
    foldVersion: num(f["foldVersion"]),
    rules: num(f["rules"]),
  };
};

const signal = (v: Json): Signal => {
  const f = fields(v);
  return {
    ordinal: num(f["ordinal"]),
    signal: text(f["signal"]),
    atMs: num(f["atMs"]),
    durationMs: num(f["durationMs"]),
    pageView: numOrNull(f["pageView"]),
    path: text(f["path"]),
    target: text(f["target"]),
    selector: text(f["selector"]),
    label: text(f["label"]),
    x: num(f["x"]),
    y: num(f["y"]),
    intensityMilli: num(f["intensityMilli"]),
    evidenceCount: num(f["evidenceCount"]),
    evidenceAt: list(f["evidenceAt"], num),
    reason: text(f["reason"]),
    ruleVersion: num(f["ruleVersion"]),
  };
};

const pageView = (v: Json): PageView => {
  const f = fields(v);
  return {
    ordinal: num(f["ordinal"]),
    path: text(f["path"]),
    group: text(f["group"]),
    startedMs: num(f["startedMs"]),
    lastInteractionMs: num(f["lastInteractionMs"]),
    engagedMs: num(f["engagedMs"]),
    scrollDepthMilli: num(f["scrollDepthMilli"]),
    presses: num(f["presses"]),
    interactions: num(f["interactions"]),
    samples: num(f["samples"]),
    scored: f["scored"] === true,
    scores: scores(f["scores"]),
    running: running(f["running"]),
    confidenceMilli: num(f["confidenceMilli"]),
    contributors: list(f["contributors"], contributor),
    measures: list(f["measures"], measured),
  };
};

const conversion = (v: Json): Conversion => {
  const f = fields(v);
  return {
    ordinal: num(f["ordinal"]),
    orderId: text(f["orderId"]),
    kind: text(f["kind"]),
    atMs: num(f["atMs"]),
    valueMinor: num(f["valueMinor"]),
    currency: text(f["currency"]),
    pageView: numOrNull(f["pageView"]),
    frustration: num(f["frustration"]),
  };
};

/** Reads ListSessionsResponse. */
export const readSessions = (v: Json): Session[] => list(fields(v)["sessions"], session);

/** Reads GetSessionResponse. */
export function readDetail(v: Json): Detail {
  const f = fields(v);
  return {
    session: session(f["session"]),
    signals: list(f["signals"], signal),
    pageViews: list(f["pageViews"], pageView),
    conversions: list(f["conversions"], conversion),
  };
}

/** Reads WatchScoresResponse. */
export function readUpdate(v: Json): Update {
  const update = fields(fields(v)["update"]);
  const origin = fields(update["origin"]);
  return {
    ...readDetail(update),
    version: (big(origin["epoch"]) << 48n) | big(origin["offset"]),
  };
}

/** Reads GetTrailResponse. */
export function readTrail(v: Json): Trail {
  const f = fields(v);
  return {
    batchesLeftOut: num(f["batchesLeftOut"]),
    pages: list(f["pages"], (item) => {
      const p = fields(item);
      return {
        sender: hex(p["senderId"]),
        number: num(p["number"]),
        path: text(p["path"]),
        startedMs: num(p["startedMs"]),
        viewportWidth: num(p["viewportWidth"]),
        viewportHeight: num(p["viewportHeight"]),
        documentHeight: num(p["documentHeight"]),
        paths: list(p["paths"], (path) => {
          const c = fields(path);
          return { at: list(c["at"], num), x: list(c["x"], num), y: list(c["y"], num) };
        }),
        presses: list(p["presses"], (press) => {
          const c = fields(press);
          return {
            at: num(c["at"]),
            x: num(c["x"]),
            y: num(c["y"]),
            selector: text(c["selector"]),
            label: text(c["label"]),
          };
        }),
        scrolls: list(p["scrolls"], (scroll) => {
          const c = fields(scroll);
          return { at: list(c["at"], num), y: list(c["y"], num) };
        }),
      };
    }),
  };
}

function overlaid<T extends { ordinal: number }>(old: T[], changed: T[], count: number): T[] {
  const byOrdinal = new Map(old.map((item) => [item.ordinal, item]));
  for (const item of changed) byOrdinal.set(item.ordinal, item);
  return [...byOrdinal.values()]
    .filter((item) => item.ordinal < count)
    .sort((a, b) => a.ordinal - b.ordinal);
}

/**
 * A session's page after an update: what changed replaces what stood under
 * the same ordinal; what lies beyond the session's counts is gone.
 */
export function merged(detail: Detail, update: Detail): Detail {
  const { session } = update;
  return {
    session,
    signals: overlaid(detail.signals, update.signals, session.signals),
    pageViews: overlaid(detail.pageViews, update.pageViews, session.pageViews),
    conversions: overlaid(detail.conversions, update.conversions, session.conversions),
  };
}

/** Whether a session as `a` tells it is later than as `b` does. */
export function later(a: Session, b: Session): boolean {
  if (a.lastRecordMs !== b.lastRecordMs) return a.lastRecordMs > b.lastRecordMs;
  if (a.batches !== b.batches) return a.batches > b.batches;
  return a.status !== "open" && b.status === "open";
}

/**
 * What was loaded, with what is already known from later updates: the store
 * is about a second behind the log, so an answer may be older than the page.
 */
export function reconciled(known: Detail | null, loaded: Detail): Detail {
  return known && later(known.session, loaded.session) ? merged(loaded, known) : loaded;
}
