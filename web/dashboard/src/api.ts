// Asks the query service, which serves this page as well.

import { readDetail, readSessions, readTrail } from "./model";
import type { Detail, Session, Trail } from "./model";
import { readHealth } from "./pipeline";
import type { Health } from "./pipeline";

/** How long an answer may take. */
const ANSWER_MS_MAX = 15_000;

/** The service refused; `message` says why in its own words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the service wants the read key first. */
export const wantsKey = (error: unknown): boolean => error instanceof Refused && error.status === 401;

/** The service's clock minus this one's, as the newest answer told. */
let clockAheadMs = 0;

/** Now, as near as the service's clock is known. */
export const now = (): number => Date.now() + clockAheadMs;

async function asked(path: string, init: RequestInit = {}): Promise<unknown> {
  const timeout = AbortSignal.timeout(ANSWER_MS_MAX);
  const answer = await fetch(`/api/v1/${path}`, {
    ...init,
    signal: init.signal ? AbortSignal.any([init.signal, timeout]) : timeout,
  });
  const date = Date.parse(answer.headers.get("date") ?? "");
  // The header has whole seconds: a smaller difference says nothing.
  if (Number.isFinite(date)) {
    const ahead = date + 500 - Date.now();
    clockAheadMs = Math.abs(ahead) > 1_500 ? ahead : 0;
  }
  const body: unknown = await answer.json().catch(() => null);
  if (!answer.ok) {
    const message = (body as { message?: unknown } | null)?.message;
    throw new Refused(
      answer.status,
      typeof message === "string" ? message : `The service answered ${answer.status}.`,
    );
  }
  return body;
}

export type Order = "newest" | "most_frustrated";

export interface Question {
  order: Order;
  /** In thousandths. */
  frustrationMin: number;
  limit: number;
  /** Only sessions whose newest interaction came before this; 0 for all. */
  beforeMs: number;
}

/** Which tenant and property the address asks for; empty for the first configured. */
function scope(): URLSearchParams {
  const wanted = new URLSearchParams(location.search);
  const kept = new URLSearchParams();
  for (const name of ["tenant", "property"]) {
    const value = wanted.get(name);
    if (value) kept.set(name, value);
  }
  return kept;
}

export async function listSessions(question: Question, signal?: AbortSignal): Promise<Session[]> {
  const query = scope();
  query.set("limit", String(question.limit));
  query.set("order", question.order);
  if (question.frustrationMin > 0) query.set("frustration_min", String(question.frustrationMin));
  if (question.beforeMs > 0) query.set("before_ms", String(question.beforeMs));
  return readSessions(await asked(`sessions?${query}`, signal ? { signal } : {}));
}

export async function getSession(id: string, signal?: AbortSignal): Promise<Detail> {
  const query = scope();
  return readDetail(
    await asked(`sessions/${encodeURIComponent(id)}?${query}`, signal ? { signal } : {}),
  );
}

export async function getTrail(id: string, signal?: AbortSignal): Promise<Trail> {
  const query = scope();
  return readTrail(
    await asked(`sessions/${encodeURIComponent(id)}/trail?${query}`, signal ? { signal } : {}),
  );
}

export async function getHealth(signal?: AbortSignal): Promise<Health> {
  return readHealth(await asked("health", signal ? { signal } : {}));
}

/** Where score updates come from. */
export const liveAddress = (): string => `/api/v1/live?${scope()}`;

/** Trades the read key for a cookie that only this site's requests carry. */
export async function login(key: string): Promise<void> {
  await asked("login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key }),
  });
}
