import { now, timeOf } from './clock';
import { Kind, type Recorder } from './recorder';
import { pressed } from './targets';

/** A selection is told once it has stood still for this long, ms. */
const STILL_MS = 400;

/** That text is selected, copied or printed, and where; never the text. */
export function watchReading(recorder: Recorder): void {
  let timer = 0;
  let told = 0;
  document.addEventListener('selectionchange', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const selection = getSelection();
      const length = selection && !selection.isCollapsed ? selection.toString().length : 0;
      if (length && length !== told) {
        const target = where();
        recorder.add(Kind.TextSelection, now(), (writer, index) => {
          if (target) writer.present(1, index(target));
          writer.uint(2, length);
        });
      }
      told = length;
    }, STILL_MS) as unknown as number;
  });
  document.addEventListener('copy', (event) => {
    const target = where();
    recorder.add(Kind.Copy, timeOf(event), (writer, index) => {
      if (target) writer.present(1, index(target));
    });
  });
  addEventListener('beforeprint', (event) => recorder.add(Kind.Print, timeOf(event), () => {}));

  const where = () => {
    const node = getSelection()?.anchorNode;
    const element = node instanceof Element ? node : node?.parentElement;
    return element ? recorder.target(pressed(element)) : null;
  };
}
