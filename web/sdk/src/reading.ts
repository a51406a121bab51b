import { elementOf, later, now, on, selection, whenStill } from './browser';
import { add, Kind, place } from './record';
import { meant } from './targets';

/** A selection is told once it has stood still for this long, ms. */
const STILL_MS = 400;

/** That text is selected, copied, looked for or printed, and where; never the text. */
export function watchReading(): void {
  let told = 0;
  const selected = () => {
    const { length } = selection();
    if (length && length != told) tell(Kind.TextSelection, now(), length);
    told = length;
  };
  on('selectionchange', whenStill(STILL_MS, selected));
  on('copy', (_event, time) => {
    selected();
    tell(Kind.Copy, time);
  });
  on<KeyboardEvent>('keydown', (event, time) => {
    const { key, ctrlKey, metaKey } = event;
    const find = key == 'F3' || ((ctrlKey || metaKey) && key == 'f');
    // A page that has a search of its own keeps the browser's away.
    if (find) later(0, () => event.defaultPrevented || add(Kind.Find, time, () => []));
  });
  on('beforeprint', (_event, time) => add(Kind.Print, time, () => []));
}

/** Tells something about what is selected. */
function tell(kind: Kind, time: number, length?: number): void {
  const target = meant(elementOf(getSelection()!.anchorNode));
  add(kind, time, () => [place(target), length]);
}
