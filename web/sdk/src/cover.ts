import { hidden, lineOf, now, whole } from './browser';
import { changed } from './life';
import { addPassive, Kind } from './record';
import { latest, State } from './watch';

const enum ObstructionKind {
  Overlay = 1,
  Interstitial = 2,
  Advertisement = 3,
}

const LOOK_MS = 1_000;
/** The view is looked at in this many rows and columns. */
const GRID = 4;
/** Less than this is a bar at the edge, thousandths of the view. */
const COVERED_MIN = 250;
const ALL_BUT = 900;
const ADVERTISEMENT = /\bads?\b|sponsor|syndication/i;
/** So much of its markup says what it is. */
const CHARS_MAX = 1_000;

/** What lies over the page and takes the presses meant for it. */
export function watchCover(): void {
  let told = 0;
  let kind: ObstructionKind;
  let moving = false;
  setInterval(() => {
    // What has just changed may not have come to rest.
    const rested = !moving;
    moving = changed();
    if (hidden() || (rested && !moving)) return;
    const covers: Element[] = [];
    const over = new Set<Element>();
    for (let i = 0; i < GRID * GRID; i++) {
      const at = (step: number, px: number) => (((step % GRID) + 0.5) / GRID) * px;
      const stack = document.elementsFromPoint(at(i, innerWidth), at(Math.floor(i / GRID), innerHeight));
      const cover = lineOf(stack[0]).find((one) => one.matches('dialog,[popover]') || getComputedStyle(one).position == 'fixed');
      if (!cover) continue;
      covers.push(cover);
      // What the whole page lies in covers nothing.
      if (stack.some((one) => !cover.contains(one) && !one.contains(cover))) over.add(cover);
    }
    const found = covers.filter((one) => over.has(one));
    const part = whole((found.length * 1_000) / GRID / GRID);
    const covered = part < COVERED_MIN ? 0 : part;
    if (covered == told) return;
    if (covered) {
      const advertises = ADVERTISEMENT.test(found[0]!.outerHTML.slice(0, CHARS_MAX));
      kind = advertises ? ObstructionKind.Advertisement : covered < ALL_BUT ? ObstructionKind.Overlay : ObstructionKind.Interstitial;
    }
    const fields = [kind, covered || told, !!latest(({ _state }) => _state == State.Up || _state == State.Reported), covered > 0];
    addPassive(Kind.Obstruction, now(), () => fields);
    told = covered;
  }, LOOK_MS);
}
