// How a running score fades: a score of 10·(1 − e^−load) whose load halves
// every 90 s. The row stores the value and its time; the reader decays.

import { SCORES } from "./model";
import type { Running } from "./model";

export const HALF_LIFE_MS = 90_000;

/** The value, in thousandths, that `milli` has `elapsedMs` later. */
export function decayed(milli: number, elapsedMs: number): number {
  if (milli <= 0 || elapsedMs <= 0) return Math.max(0, milli);
  // A full 10 would be an endless load: it stands for the last one below it.
  const share = Math.min(milli, 9_999) / 10_000;
  const load = -Math.log(1 - share) * 2 ** (-elapsedMs / HALF_LIFE_MS);
  return 10_000 * (1 - Math.exp(-load));
}

/** What a session or page view scores now. */
export function scoresNow(s: { running: Running; lastInteractionMs: number }, nowMs: number): Running {
  const elapsedMs = nowMs - s.lastInteractionMs;
  return Object.fromEntries(
    SCORES.map((name) => [name, decayed(s.running[name], elapsedMs)]),
  ) as Running;
}
