import { later, now, on, placeOf, whole } from './browser';
import { pointerOf } from './device';
import { paths } from './paths';
import { add, Kind, place } from './record';
import { describe, pressed } from './targets';

/** Where the pointer goes, up to 60 times a second. A press ends the path, so that no way leads through it. */
export function watchPointer(): void {
  const [take, end] = paths(Kind.PointerPath, (pointer, start, columns) => [pointer, ...start, ...columns]);
  on('pointerdown', end);
  on<PointerEvent>('pointermove', (event, time, hit) => {
    const { isPrimary, pointerType, timeStamp, clientX, clientY } = event;
    const [x, y] = placeOf(event, hit);
    const readings = event.getCoalescedEvents?.() ?? [];
    if (!isPrimary) return;
    for (const one of readings.length ? readings : [event]) {
      take(time + one.timeStamp - timeStamp, pointerOf(pointerType), x + whole(one.clientX - clientX), y + whole(one.clientY - clientY));
    }
  });
}

/** A hover shorter than this, entered once, says nothing, ms. */
const HOVER_MS_MIN = 1_000;
/** A hover ends when the pointer has been elsewhere for this long, ms. */
const AWAY_MS = 3_000;

/** One element's hover. No more of them are open than a pointer enters in `AWAY_MS`. */
interface Rest {
  /** Since when the pointer rests there; not any more when it is undefined. */
  _entered?: number;
  _rested: number;
  _entries: number;
  /** Ends it. */
  _timer: number;
}

const rests = new Map<Element, Rest>();
let over: Element | null = null;

/** How long and how often the pointer rests on things that invite a press. */
export function watchHovers(): void {
  on<PointerEvent>('pointerover', (event, time, hit) => {
    if (event.pointerType != 'touch') turnTo(hit && pressed(hit), time);
  });
  on<PointerEvent>('pointerout', ({ relatedTarget }, time) => relatedTarget || turnTo(null, time));
}

/** How long the pointer has rested on this element without leaving, ms. */
export const restedOn = (element: Element, time: number): number => whole(time - (rests.get(element)?._entered ?? time));

/** The page is going away: tells what is open. */
export function endHovers(): void {
  for (const element of rests.keys()) endHover(element);
}

function turnTo(element: Element | null, time: number): void {
  const before = over;
  if (element == before) return;
  const left = before && rests.get(before);
  if (left) {
    left._rested += time - left._entered!;
    left._entered = undefined;
    left._timer = later(AWAY_MS, () => endHover(before));
  }
  over = element;
  if (!element) return;
  const rest = rests.get(element) ?? { _rested: 0, _entries: 0, _timer: 0 };
  clearTimeout(rest._timer);
  rest._entered = time;
  rest._entries++;
  rests.set(element, rest);
}

/** Tells a hover, also that a press ends it. */
export function endHover(element: Element, pressedAfter?: boolean): void {
  const rest = rests.get(element);
  if (!rest) return;
  const { _rested, _entered, _entries, _timer } = rest;
  const time = now();
  const duration = whole(_rested + time - (_entered ?? time));
  clearTimeout(_timer);
  rests.delete(element);
  if (element == over) over = null;
  if (duration < HOVER_MS_MIN && _entries < 2) return;
  const target = describe(element);
  if (target._invites) add(Kind.Hover, time, () => [place(target), duration, _entries, pressedAfter]);
}
