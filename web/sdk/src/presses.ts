import { later, lineOf, now, on, placeOf, selection, whole } from './browser';
import { Pointer, pointerOf } from './device';
import { Fact } from './facts';
import { catchUp, disturbed, liveShadow, small } from './life';
import { look } from './look';
import { endHover, restedOn } from './pointer';
import { add, flush, Kind, place } from './record';
import { sender } from './session';
import { PRESS_REPORT_MS, PRESS_WATCH_MS } from './settings';
import { describe, pressed } from './targets';
import { GATHER_MS, State, latest, note, response, watch, watched, type Watched } from './watch';
import { signed } from './wire';

const enum PressKind {
  Click = 1,
  Tap = 2,
  Long = 3,
}

/** A pointer that moves farther than this while down drags. */
const DRAG_PX = 12;
/** A finger that moves farther than this swipes. */
const SWIPE_PX = 30;
const LONG_MS = 500;
/** A change inside the target that is still there after this long has lasted, ms. */
const LASTING_MS = 800;
const QUIET_MS_MAX = 10_000;
/** On a page that stood still for this long before, a likely answer is one, ms. */
const QUIET_MS_SURE = 2_000;

interface Press extends Watched {
  readonly _pointer: number;
  /** How far from where it went down, px. */
  _far(place: [x: number, y: number]): number;
  /** The pointer went up, or the key made a click: it is a press. */
  _confirm(time: number, stamp: number): void;
  /** The finger went up far from where it came down. */
  _swiped(time: number, to: [x: number, y: number]): void;
}

let count = 0;
/** When Enter or Space went down, until they have made a click. */
let key: number | null = null;
/** The press whose pointer is down. */
let held: Press | null = null;

/**
 * Presses from pointer-down, with what the page did after each, and swipes.
 *
 * Pointer events are used, not clicks: a disabled control gets no click, and
 * an answer may come before one.
 */
export function watchPresses(): void {
  on<PointerEvent>('pointerdown', (event, time, hit) => {
    key = null;
    drop();
    const { clientWidth, clientHeight } = document.documentElement;
    const [x, y] = placeOf(event, hit);
    const onScrollBar = event.pointerType == 'mouse' && (x >= clientWidth || y >= clientHeight);
    if (!hit || !event.isPrimary || onScrollBar) return;
    for (const { shadowRoot } of lineOf(hit)) if (shadowRoot) liveShadow(shadowRoot);
    held = begin(event, hit, time, x, y);
  });
  on<PointerEvent>('pointerup', (event, time, hit) => {
    if (!held) return;
    if (held._far(placeOf(event, hit)) <= DRAG_PX) held._confirm(time, event.timeStamp);
    else if (held._pointer != Pointer.Touch) drop();
  });
  // A mouse that drags a picture away, or a pen that pans, makes no press.
  on('pointercancel', () => held?._pointer != Pointer.Touch && drop());
  // A browser that scrolls or opens a menu cancels the pointer, but not the touch.
  on<MouseEvent>('contextmenu', ({ timeStamp }, time) => {
    if (held?._pointer == Pointer.Touch && time - held._down >= LONG_MS) held._confirm(time, timeStamp);
  });
  on<TouchEvent>('touchend touchcancel', ({ changedTouches: [touch] }, time, hit) => {
    if (held?._pointer == Pointer.Touch && touch) held._swiped(time, placeOf(touch, hit));
  });
  on<KeyboardEvent>('keydown', ({ key: name, repeat }, time) => {
    key = !repeat && (name == 'Enter' || name == ' ') ? time : null;
  });
  // A click without a pointer is the keyboard's; any other belongs to the press that it ends.
  on<MouseEvent>('click', (event, time, hit) => {
    if (key === null) watched.at(-1)?._stamps.push(event.timeStamp);
    else if (hit && !event.detail) {
      begin(event, hit, key, ...placeOf(event, hit))._confirm(time, event.timeStamp);
      key = null;
    }
  });
}

/** The page is being hidden: tells what has been seen so far and stops watching. */
export function settleAll(): void {
  drop();
  for (const press of watched) press._settle();
}

function drop(): void {
  if (held) held._state = State.Settled;
  held = null;
}

function begin(event: MouseEvent, hit: Element, down: number, x: number, y: number): Press {
  catchUp();
  const element = pressed(hit);
  const before = latest();
  if (before?._element == element) before._judge(true);
  const target = describe(element);
  const pointer = pointerOf((event as PointerEvent).pointerType);
  const rested = restedOn(element, down);
  const { button, ctrlKey, shiftKey, altKey, metaKey } = event;
  const keyboard = key !== null;
  const [pageX, pageY] = [x + scrollX, y + scrollY].map(whole);
  const selectedBefore = selection(element.ownerDocument);
  const lookBefore = small(element) ? look(element) : null;
  const quiet = Math.min(QUIET_MS_MAX, Math.max(0, down - disturbed));
  let number: number;
  let teller: string;
  let hold: number;
  let selected: boolean;
  let scrolled: boolean;
  let judged: boolean | undefined;
  let swipe: number[] | undefined;

  /** Reports what is new; `anyway` also when nothing is. */
  const tell = (anyway?: boolean): void => {
    if (press._state != State.Up && press._state != State.Reported) return;
    press._judge();
    const time = now();
    const first = press._state == State.Up;
    if (!first && !anyway && !press._news) return;
    const seen = response(press, time, quiet);
    press._state = State.Reported;
    if (!first) {
      // A session that has begun since does not know the press.
      if (teller == sender) add(Kind.Response, time, () => [number, seen]);
    } else {
      const kind = pointer != Pointer.Touch ? PressKind.Click : hold < LONG_MS ? PressKind.Tap : PressKind.Long;
      add(Kind.Press, time, () => [
        ...[number, kind, pointer, whole(time) - whole(down)],
        ...[x, y, pageX!, pageY!].map(signed),
        ...[place(target), button < 3 && button, hold, rested],
        ...[selected, scrolled, keyboard, ctrlKey || shiftKey || altKey || metaKey, seen],
      ]);
      teller = sender;
    }
    if (anyway || !press._answered) flush();
  };
  /** Timers may fire a moment early; a report never claims more than was watched. */
  const at = (ms: number, act: () => void) => later(down + ms - now() + 2, act);

  const press: Press = {
    _down: down,
    _element: element,
    _look: lookBefore,
    _stamps: [event.timeStamp],
    _facts: [],
    _state: State.Down,
    _pointer: pointer,
    _far: (place) => Math.hypot(place[0] - x, place[1] - y),
    _tell: tell,
    _confirm(time, stamp) {
      held = null;
      number = count++;
      hold = whole(time - down);
      press._state = State.Up;
      press._stamps.push(stamp);
      endHover(element, true);
      if (press._answered) later(GATHER_MS, tell);
      // On a page that moves, what was seen may not be enough for the server:
      // it learns when the second is over that no more has come.
      at(PRESS_REPORT_MS, () => tell(!press._proven && quiet < QUIET_MS_SURE));
      at(PRESS_WATCH_MS, press._settle);
      // The browser selects text after the event; ask once it has.
      later(0, () => {
        const text = selection(element.ownerDocument);
        // Rapid presses on a control also select its label, which nobody wanted.
        selected = !!text && text != selectedBefore && !target._invites;
        scrolled = whole(x + scrollX) != pageX || whole(y + scrollY) != pageY;
        if (selected) note(Fact.Selection, now(), press);
      });
    },
    _swiped(time, to) {
      if (press._far(to) < SWIPE_PX) return drop();
      held = null;
      press._state = State.Swiped;
      swipe = [x, y, to[0] - x, to[1] - y].map(signed).concat(whole(time - down));
      // It is told in one piece, once it has been watched for as long as an answer may take.
      later(PRESS_REPORT_MS, press._settle);
    },
    _settle() {
      if (press._state == State.Swiped) {
        press._judge();
        const seen = response(press, now(), quiet);
        add(Kind.Swipe, down, () => [...swipe!, place(target), seen]);
      }
      // Nothing new and already proven: there is nothing left to learn.
      tell(!press._proven);
      press._state = State.Settled;
    },
    _judge(again) {
      catchUp();
      const { _inside } = press;
      if (judged) return;
      judged = again;
      if (!_inside || lookBefore === null) return;
      const early = _inside + LASTING_MS - now();
      if (!again && early > 0 && press._state == State.Up) {
        later(early, press._judge);
        return;
      }
      judged = true;
      const lasting = !element.isConnected || look(element) != lookBefore;
      note(lasting ? Fact.InsideLasting : Fact.InsidePassing, _inside, press);
    },
  };
  watch(press);
  return press;
}

