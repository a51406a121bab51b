import { whole } from './browser';
import { add, onClose, sample, type Kind } from './record';
import { signed, varint, type Value } from './wire';

/** Not more than 60 samples a second, with some room for uneven timers. */
export const SAMPLE_MS = 15.5;
/** After a pause this long a path ends, ms. */
const PAUSE_MS = 1_000;

/** Where something was: how it was moved, and its coordinates. False when that was too soon after the sample before. */
type Sample = (time: number, by: number, ...at: number[]) => boolean;

/**
 * Gathers samples into paths, each of them a start and columns of steps: time
 * in ms, then the coordinates. `fields` puts them into the interaction.
 * Returns what takes a sample, and what ends the path.
 */
export function paths(kind: Kind, fields: (by: number, start: number[], columns: number[][]) => Value[]): [Sample, end: () => void] {
  let columns: number[][] | null = null;
  let moved: number;
  let before = -Infinity;
  let last: number[];
  const end = () => {
    columns = null;
  };
  const take: Sample = (time, by, ...at) => {
    if (time - before < SAMPLE_MS) return false;
    if (!sample()) return true;
    if (columns && by == moved && time - before < PAUSE_MS) {
      // Each time is rounded by itself, so that the sum of steps never drifts.
      const steps = [whole(time) - whole(before), ...at.map((one, i) => signed(one - last[i]!))];
      steps.forEach((step, i) => varint(columns![i]!, step));
    } else {
      const begun: number[][] = [[], ...at.map(() => [])];
      add(kind, time, () => fields(by, at.map(signed), begun));
      columns = begun;
      moved = by;
    }
    before = time;
    last = at;
    return true;
  };
  onClose(end);
  return [take, end];
}
