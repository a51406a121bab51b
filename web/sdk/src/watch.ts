/**
 * What is pressed or swiped and still under watch, and the facts that come in
 * about it. `presses.ts` begins and ends the watch; whoever sees the page do
 * something notes it here.
 */
import { later, whole } from './browser';
import { ANSWERS, OWN_WINDOW, PROOFS, reportable, type Fact } from './facts';
import { PRESS_WATCH_MS } from './settings';
import { message, type Message } from './wire';

export const enum State {
  Down,
  Up,
  Reported,
  Swiped,
  Settled,
}

/** A press or swipe under watch. Times are those of the page's monotonic clock. */
export interface Watched {
  readonly _down: number;
  readonly _element: Element;
  /** The element's look before; null where a change inside it tells nothing. */
  readonly _look: string | null;
  /** Time stamps of the events it consists of, which paints refer to. */
  readonly _stamps: number[];
  /** By kind, when it was first seen, ms from pointer-down. */
  readonly _facts: number[];
  _state: State;
  /** When a change was first seen inside the element. */
  _inside?: number;
  /** What changed last elsewhere, and how many frames in a row. */
  _run?: { readonly _node: Node; _last: number; _frames: number };
  _answered?: boolean;
  _proven?: boolean;
  /** Facts have come in since the last report. */
  _news?: boolean;
  /** Reports what is new. */
  _tell(): void;
  /**
   * Says whether a change inside the element lasted. Asked a second later; or,
   * for good, when the same element is pressed again, since what is seen there
   * from then on may be the next press's.
   */
  _judge(again?: boolean): void;
  /** Reports what is left to say and ends the watch. */
  _settle(): void;
}

/** Facts often come together; a report waits this long for the others. */
export const GATHER_MS = 60;

/** Oldest first. */
export let watched: Watched[] = [];
let bits: number;

export function watch(one: Watched): void {
  watched = watched.filter(({ _state }) => _state != State.Settled);
  watched.push(one);
}

/** The latest that fits and can still be answered. */
export function latest(fits: (one: Watched) => unknown = () => true): Watched | undefined {
  return watched.findLast((one) => one._state != State.Settled && fits(one));
}

/** The one that was under watch at this time. */
export const at = (time: number): Watched | undefined => latest(({ _down }) => _down <= time);

/** The page did something at this time. Who does not know for which press means the latest. */
export function note(fact: Fact, time: number, one: Watched | null | undefined = at(time)): void {
  const after = one && Math.max(0, whole(time - one._down));
  if (!one || one._state == State.Settled || one._facts[fact] !== undefined || after! > PRESS_WATCH_MS) return;
  one._facts[fact] = after!;
  one._news = true;
  if (!(ANSWERS & (1 << fact))) return;
  const news = !one._proven;
  one._answered = true;
  one._proven ||= !!(PROOFS & (1 << fact));
  if (news && one._state) later(GATHER_MS, one._tell);
}

/** A `Response` as far as it has been seen. */
export function response(one: Watched, time: number, quiet: number): Message {
  one._news = false;
  return message(
    Math.min(PRESS_WATCH_MS, whole(time - one._down)),
    // A frame's paints and shifts are told to its own window only.
    (bits ??= reportable()) & (one._element.ownerDocument == document ? ~0 : ~OWN_WINDOW),
    one._facts.flatMap((after, kind) => [message(kind, after)]),
    whole(quiet),
  );
}
