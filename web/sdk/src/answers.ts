import { cause, Cause } from './cause';
import { now, timeOf } from './clock';
import { Fact } from './facts';
import type { Life } from './life';
import { related, type Presses } from './presses';
import { origin } from './targets';

/** After the visitor's own wheel, finger or key, a scroll is no answer for this long, ms. */
const OWN_SCROLL_MS = 800;
/** After the pointer has entered another element, transitions are its doing for this long, ms. */
const HOVER_MS = 120;

interface PaintEntry extends PerformanceEntry {
  renderTime?: number;
  presentationTime?: number;
  paintTime?: number;
  /** What was painted; its fields have moved into an entry of their own. */
  element?: Element | null;
  largestContentfulPaint?: { element?: Element | null };
}

interface ShiftEntry extends PerformanceEntry {
  hadRecentInput: boolean;
  sources?: { node: Node | null }[];
}

/** Hears what the page and the browser say after a press; see `facts.ts`. */
export function hearAnswers(presses: Presses, life: Life): void {
  let scrolledByHand = -Infinity;
  let hovered = -Infinity;

  const listen = (types: string, hear: (event: Event) => void) => {
    for (const type of types.split(' ')) addEventListener(type, hear, { capture: true, passive: true });
  };
  const note = (types: string, fact: Fact) => listen(types, (event) => presses.note(fact, timeOf(event)));

  // Typing, and a page that sets values by itself, is not what a press did.
  listen('input change', (event) => {
    if (event instanceof InputEvent && event.inputType) return;
    if (event.isTrusted || cause() === Cause.Press) presses.note(Fact.Input, timeOf(event));
  });
  note('toggle beforetoggle', Fact.Toggle);
  note('submit', Fact.Submit);
  note('select', Fact.Selection);
  note('play pause volumechange', Fact.Media);
  note('fullscreenchange', Fact.Fullscreen);
  note('copy cut paste', Fact.Clipboard);
  note('beforeunload popstate hashchange pagehide', Fact.Navigation);
  note('beforeprint', Fact.Window);
  listen('blur', (event) => {
    if (event.target === window) presses.note(Fact.Window, timeOf(event));
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') presses.note(Fact.Window);
  });

  listen('wheel touchmove keydown', (event) => (scrolledByHand = timeOf(event)));
  listen('pointerover', (event) => (hovered = timeOf(event)));

  listen('scroll', (event) => {
    const at = timeOf(event);
    const scroller = event.target instanceof Node ? event.target : null;
    if (at - scrolledByHand > OWN_SCROLL_MS && !life.moves(scroller)) presses.note(Fact.Scroll, at);
  });

  listen('focusin', (event) => {
    const at = timeOf(event);
    const press = presses.latest(at);
    const gained = origin(event);
    const byKey = at - scrolledByHand < 50;
    if (press?.element && gained && !byKey && !related(gained, press.element)) presses.note(Fact.Focus, at, press);
  });

  // The pressed element's own look, and what the pointer's moves light up, is no answer.
  listen('transitionrun animationstart', (event) => {
    const at = timeOf(event);
    const press = presses.latest(at);
    const element = origin(event);
    if (!press || !element || at - hovered < HOVER_MS || life.moves(element)) return;
    if (!press.element || !related(element, press.element)) presses.note(Fact.Transition, at, press);
  });

  observe('layout-shift', (entry) => {
    const { hadRecentInput, sources } = entry as ShiftEntry;
    const still = !sources?.length || sources.some(({ node }) => node && !life.moves(node));
    if (hadRecentInput && still) presses.note(Fact.LayoutShift, entry.startTime);
  });

  observe('interaction-contentful-paint', (entry) => {
    const paint = entry as PaintEntry;
    const press = presses.stamped(paint.startTime);
    const at = paint.presentationTime || paint.renderTime || paint.paintTime || now();
    if (!press) return;
    // A pressed look repaints the label: inside the target, what lasts decides.
    const painted = paint.element ?? paint.largestContentfulPaint?.element;
    const inside = press.look !== null && painted && press.element?.contains(painted);
    if (inside) press.inside ??= at;
    else presses.note(Fact.Paint, at, press);
  });
}

function observe(type: string, read: (entry: PerformanceEntry) => void): void {
  if (typeof PerformanceObserver !== 'function' || !PerformanceObserver.supportedEntryTypes.includes(type)) return;
  new PerformanceObserver((list) => list.getEntries().forEach(read)).observe({ type, buffered: false });
}
