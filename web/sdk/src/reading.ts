import { elementOf, later, now, on, selection, whenStill } from './browser';
import { add, Kind, place } from './record';
import { meant, type Target } from './targets';

/** A selection is told once it has stood still for this long, ms. */
const STILL_MS = 400;

/** That text is selected, copied, looked for or printed, and where; never the text. */
export function watchReading(): void {
  let told = 0;
  const selected = () => {
    const { length } = selection();
    const target = where();
    if (length && length != told) add(Kind.TextSelection, now(), () => [place(target), length]);
    told = length;
  };
  on('selectionchange', whenStill(STILL_MS, selected));
  on('copy', (_event, time) => {
    const target = where();
    selected();
    add(Kind.Copy, time, () => [place(target)]);
  });
  on<KeyboardEvent>('keydown', (event, time) => {
    const { key, ctrlKey, metaKey } = event;
    const find = key == 'F3' || ((ctrlKey || metaKey) && key == 'f');
    // A page that has a search of its own keeps the browser's away.
    if (find) later(0, () => event.defaultPrevented || add(Kind.Find, time, () => []));
  });
  on('beforeprint', (_event, time) => add(Kind.Print, time, () => []));
}

const where = (): Target | null => meant(elementOf(getSelection()!.anchorNode));
