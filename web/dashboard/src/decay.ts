// How frustration fades: a score of 10·(1 − e^−load) whose load halves every
// 90 s. The row stores the value and its time; the reader decays.

export const HALF_LIFE_MS = 90_000;

/** The value, in thousandths, that `milli` has `elapsedMs` later. */
export function decayed(milli: number, elapsedMs: number): number {
  if (milli <= 0 || elapsedMs <= 0) return Math.max(0, milli);
  // A full 10 would be an endless load: it stands for the last one below it.
  const share = Math.min(milli, 9_999) / 10_000;
  const load = -Math.log(1 - share) * 2 ** (-elapsedMs / HALF_LIFE_MS);
  return 10_000 * (1 - Math.exp(-load));
}
