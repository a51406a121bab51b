import { elementOf, hidden, now, on } from './browser';
import { cause, Cause } from './cause';
import { Fact, observe, PAINT, SHIFT } from './facts';
import { learn, moved, moves, related } from './life';
import { at, latest, note, State } from './watch';

/** After the visitor's own wheel, finger or key, a scroll is no answer for this long, ms. */
const OWN_SCROLL_MS = 800;
/** A scroller that comes to rest this long after the visitor's wheel, finger or key was not moved by them, ms. */
const RESTED_MS = 2_000;
/** A shift of which nothing is known but its size is an answer from this on, in the browser's unit: parts of the view times parts of its height. */
const SHIFT_MIN = 0.001;
/** After the pointer has entered another element, transitions are its doing for this long, ms. */
const HOVER_MS = 120;

interface PaintEntry extends PerformanceEntry {
  presentationTime?: number;
  /** What was painted; its fields have moved into an entry of their own. */
  element?: Element | null;
  largestContentfulPaint?: { element?: Element | null };
}

interface ShiftEntry extends PerformanceEntry {
  hadRecentInput: boolean;
  value: number;
  sources: { node: Node | null }[];
}

/** What one event says, by the numbers of `ResponseKind`. */
const SAYS: [Fact, types: string][] = [
  [Fact.Toggle, 'toggle beforetoggle'],
  [Fact.Submit, 'submit'],
  [Fact.Selection, 'select'],
  [Fact.Fullscreen, 'fullscreenchange'],
  [Fact.Clipboard, 'copy cut paste'],
  [Fact.Navigation, 'beforeunload popstate hashchange pagehide'],
  [Fact.Window, 'beforeprint'],
];

/** Hears what the page and the browser say after a press; see `facts.ts`. */
export function hearAnswers(): void {
  let byHand = -Infinity;
  let hovered = -Infinity;

  for (const [fact, types] of SAYS) on(types, (_event, time) => note(fact, time));

  // What plays and stops by itself, as in a carousel, is no answer.
  on('play pause volumechange', (_event, time, element) => {
    const press = at(time);
    if (!press) learn(element!, time, false);
    else if (!moves(element)) note(Fact.Media, time, press);
  });
  // Typing, and a page that sets values by itself, is not what a press did.
  on<InputEvent>('input change', ({ inputType, isTrusted }, time) => {
    if (!inputType && (isTrusted || cause() <= Cause.Near)) note(Fact.Input, time);
  });
  // Going into a frame is no leaving.
  on('blur', (_event, time) => document.hasFocus() || note(Fact.Window, time));
  on('visibilitychange', (_event, time) => hidden() && note(Fact.Window, time));
  on('wheel touchmove keydown', (_event, time) => (byHand = time));
  on('pointerover', (_event, time) => (hovered = time));

  // A scroll by hand is the answer to a swipe alone.
  on('scroll', ({ target }, time) => {
    const one = latest();
    const own = time - byHand <= OWN_SCROLL_MS && one?._state != State.Down && one?._state != State.Swiped;
    if (!own && !moves(target as Node)) note(Fact.Scroll, time, one);
  });
  // What comes to rest where nobody has moved it is moved by the page.
  on('scrollend', ({ target }, time) => {
    if (!latest() && time - byHand > RESTED_MS) learn(target as Node, time, false);
  });

  on('focusin', (_event, time, gained) => {
    const press = at(time);
    if (gained && time - byHand >= 50 && !related(gained, press)) note(Fact.Focus, time, press);
  });

  // What the pointer's moves light up is no answer, and what scrolling or typing sets off no habit.
  on('transitionrun animationstart', (_event, time, element) => {
    if (time - hovered >= HOVER_MS && (latest() || time - byHand > OWN_SCROLL_MS)) moved(element, time);
  });

  // A clock pushes what stands beside it.
  const pushed = (node: Node) => {
    const element = elementOf(node);
    return [element, ...(element?.children ?? []), ...(element?.parentElement?.children ?? [])].some(moves);
  };
  // A browser does not always tell what was shifted. A little is then no more than a number that has grown.
  observe<ShiftEntry>(SHIFT, ({ hadRecentInput, sources, startTime, value }) => {
    const still = sources[0] ? sources.some(({ node }) => node && !pushed(node)) : value > SHIFT_MIN;
    if (hadRecentInput && still) note(Fact.LayoutShift, startTime);
  });

  observe<PaintEntry>(PAINT, (paint) => {
    const { startTime, presentationTime, element } = paint;
    const press = latest(({ _stamps }) => _stamps.some((stamp) => Math.abs(stamp - startTime) < 1.5));
    const time = presentationTime || now();
    // A pressed look repaints the label: inside the target, what lasts decides.
    const painted = element ?? paint.largestContentfulPaint?.element;
    if (!press) return;
    if (press._look !== null && painted && press._element.contains(painted)) press._inside ??= time;
    else note(Fact.Paint, time, press);
  });
}
