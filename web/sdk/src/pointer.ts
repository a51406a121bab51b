import { now, on, placeOf, whole } from './browser';
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
const HOVERS_MAX = 20;

interface Rest {
  /** Since when the pointer rests there; not any more when it is undefined. */
  _entered?: number;
  _left: number;
  _rested: number;
  _entries: number;
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

/** A press ends the hover of what it was on. */
export function endHover(element: Element | null): void {
  if (element) tell(element, true);
}

/** The page is going away: tells what is open. */
export function endHovers(): void {
  for (const element of rests.keys()) tell(element, false);
}

function turnTo(element: Element | null, time: number): void {
  if (element == over) return;
  const left = over && rests.get(over);
  if (left) {
    left._rested += time - (left._entered ?? time);
    left._entered = undefined;
    left._left = time;
  }
  for (const [one, { _entered, _left }] of rests) {
    if (_entered === undefined && (time - _left >= AWAY_MS || rests.size > HOVERS_MAX)) tell(one, false);
  }
  over = element;
  if (!element) return;
  const rest = rests.get(element) ?? { _left: time, _rested: 0, _entries: 0 };
  rest._entered = time;
  rest._entries++;
  rests.set(element, rest);
}

function tell(element: Element, pressedAfter: boolean): void {
  const rest = rests.get(element);
  if (!rest) return;
  const { _rested, _entered, _entries } = rest;
  const time = now();
  const duration = whole(_rested + time - (_entered ?? time));
  rests.delete(element);
  if (element == over) over = null;
  if (duration < HOVER_MS_MIN && _entries < 2) return;
  const target = describe(element);
  if (target._invites) add(Kind.Hover, time, () => [place(target), duration, _entries, pressedAfter]);
}
