import { now, timeOf, whole } from './clock';
import { pointerOf, type Pointer } from './device';
import { answers, proves, reportable, Fact } from './facts';
import { fingerprint } from './fingerprint';
import type { Life } from './life';
import { Kind, type Recorder } from './recorder';
import { PRESS_REPORT_MS, PRESS_WATCH_MS } from './settings';
import { origin, pressed, up, type Target } from './targets';
import type { Writer } from './writer';

const enum PressKind {
  Click = 1,
  Tap = 2,
  Long = 3,
}

/** A pointer that moves farther than this while down drags. */
const DRAG_PX = 12;
const LONG_MS = 500;
/** Facts often come together; a report waits this long for the others. */
const GATHER_MS = 60;
const QUIET_MS_MAX = 10_000;
/** On a page that stood still for this long before, a likely answer is one, ms. */
const QUIET_MS_SURE = 2_000;
const FACTS_PENDING_MAX = 64;

/** A press under watch. Times are those of the page's monotonic clock. */
export interface Press {
  readonly down: number;
  readonly element: Element | null;
  /** When a change was first seen inside the element. */
  inside: number | null;
  /** The element's look before, where a change inside it can tell something. */
  readonly look: string | null;
  /** Time stamps of the events it consists of, which paints refer to. */
  readonly stamps: number[];
}

interface Watched extends Press {
  number: number;
  readonly target: Target | null;
  readonly pointer: Pointer;
  readonly x: number;
  readonly y: number;
  readonly pageX: number;
  readonly pageY: number;
  readonly button: number;
  readonly hoverBefore: number;
  readonly modified: boolean;
  readonly keyboard: boolean;
  readonly scroll: number;
  readonly selection: string;
  readonly quiet: number;
  readonly facts: Map<Fact, number>;
  state: 'down' | 'up' | 'reported' | 'settled';
  hold: number;
  selectedText: boolean;
  scrolled: boolean;
  /** Whether a change inside the element has been judged. */
  judged: boolean;
  answered: boolean;
  proven: boolean;
  /** How many facts the last report held. */
  told: number;
  timers: number[];
}

/** What the press module must know of the pointer's past. */
export interface Rest {
  /** How long the pointer has rested on this element, ms. */
  (element: Element, at: number): number;
}

/**
 * Presses from pointer-down, with what the page did after each.
 *
 * Pointer events are used, not clicks: a disabled control gets no click, and
 * an answer may come before one. A fact that names no press belongs to the
 * latest one still under watch.
 */
export class Presses {
  /** Told of every press, for the hover that it ends. */
  onPress: (element: Element | null) => void = () => {};

  private readonly reportable = reportable();
  private readonly watched: Watched[] = [];
  private count = 0;
  private key: { at: number; element: Element | null } | null = null;

  constructor(
    private readonly recorder: Recorder,
    private readonly life: Life,
    private readonly rest: Rest,
  ) {
    const listen = <K extends keyof WindowEventMap>(type: K, hear: (event: WindowEventMap[K]) => void) =>
      addEventListener(type, (event) => event.isTrusted && hear(event), { capture: true, passive: true });
    listen('pointerdown', (event) => this.down(event));
    listen('pointerup', (event) => this.up(event));
    listen('pointercancel', () => this.drop());
    listen('click', (event) => this.click(event));
    listen('keydown', (event) => {
      const element = origin(event);
      const presses = event.key === 'Enter' || event.key === ' ';
      this.key = presses && !event.repeat ? { at: timeOf(event), element } : null;
    });
  }

  /** The press that is under watch at this time, if any. */
  latest(at = now()): Press | null {
    return this.find((press) => press.down <= at);
  }

  /** The press that an event with this time stamp belongs to. */
  stamped(time: number): Press | null {
    return this.find((press) => press.stamps.some((stamp) => Math.abs(stamp - time) < 1.5));
  }

  note(fact: Fact, at = now(), to: Press | null = this.latest(at)): void {
    const press = to as Watched | null;
    const after = press && whole(at - press.down);
    if (!press || after === null || press.state === 'settled' || press.facts.has(fact)) return;
    if (after > PRESS_WATCH_MS || press.facts.size >= FACTS_PENDING_MAX) return;
    press.facts.set(fact, Math.max(0, after));
    if (!answers(fact)) return;
    const news = !press.proven;
    press.answered = true;
    press.proven ||= proves(fact);
    if (press.state === 'up') this.later(press, GATHER_MS, () => this.report(press));
    else if (press.state === 'reported' && news) this.later(press, GATHER_MS, () => this.update(press));
  }

  /** The page is being hidden: tells what has been seen so far and stops watching. */
  settleAll(): void {
    for (const press of [...this.watched]) {
      if (press.state === 'down') press.state = 'settled';
      else this.settle(press);
    }
  }

  private find(fits: (press: Watched) => boolean): Watched | null {
    const time = now();
    for (let i = this.watched.length - 1; i >= 0; i--) {
      const press = this.watched[i]!;
      if (press.state !== 'settled' && time - press.down <= PRESS_WATCH_MS + GATHER_MS && fits(press)) return press;
    }
    return null;
  }

  private down(event: PointerEvent): void {
    this.key = null;
    this.drop();
    if (!event.isPrimary) return;
    const onScrollBar =
      event.clientX >= document.documentElement.clientWidth || event.clientY >= document.documentElement.clientHeight;
    if (onScrollBar && event.pointerType === 'mouse') return;
    for (const node of event.composedPath()) if (node instanceof ShadowRoot) this.life.observe(node);
    this.begin(event, origin(event), timeOf(event), event);
  }

  private begin(event: MouseEvent, hit: Element | null, at: number, pointer: PointerEvent | null): Watched {
    this.life.catchUp();
    const element = hit && pressed(hit);
    const previous = this.latest();
    if (previous && previous.element === element) this.judgeInside(previous as Watched, true);
    const box = pointer ? null : element?.getBoundingClientRect();
    const x = box ? box.x + box.width / 2 : event.clientX;
    const y = box ? box.y + box.height / 2 : event.clientY;
    const press: Watched = {
      number: -1,
      state: 'down',
      down: at,
      element,
      target: element && this.recorder.target(element),
      pointer: pointer ? pointerOf(pointer.pointerType) : 0,
      x: whole(x),
      y: whole(y),
      pageX: whole(x + scrollX),
      pageY: whole(y + scrollY),
      button: event.button,
      hoverBefore: element ? this.rest(element, at) : 0,
      modified: event.ctrlKey || event.shiftKey || event.altKey || event.metaKey,
      keyboard: !pointer,
      scroll: scrollX + scrollY,
      selection: selected(),
      inside: null,
      look: element && this.life.smallEnough(element) ? fingerprint(element, this.life) : null,
      quiet: Math.min(QUIET_MS_MAX, Math.max(0, at - this.life.disturbed)),
      stamps: [event.timeStamp],
      facts: new Map(),
      hold: 0,
      selectedText: false,
      scrolled: false,
      judged: false,
      answered: false,
      proven: false,
      told: 0,
      timers: [],
    };
    while (this.watched[0]?.state === 'settled') this.watched.shift();
    this.watched.push(press);
    return press;
  }

  private pending(): Watched | undefined {
    return this.watched.find((press) => press.state === 'down');
  }

  private drop(): void {
    const press = this.pending();
    if (press) press.state = 'settled';
  }

  private up(event: PointerEvent): void {
    const press = this.pending();
    if (!press) return;
    const far = Math.hypot(event.clientX - press.x, event.clientY - press.y) > DRAG_PX;
    if (far) press.state = 'settled';
    else this.confirm(press, timeOf(event), event.timeStamp);
  }

  /** A click without a pointer is the keyboard's; any other belongs to the press that it ends. */
  private click(event: MouseEvent): void {
    const last = this.watched[this.watched.length - 1];
    if (last && last.state !== 'settled' && event.timeStamp - last.down < PRESS_WATCH_MS && !this.key) {
      last.stamps.push(event.timeStamp);
      return;
    }
    if (event.detail !== 0 || !this.key) return;
    const { at } = this.key;
    this.key = null;
    const press = this.begin(event, origin(event), at, null);
    this.confirm(press, timeOf(event), event.timeStamp);
  }

  private confirm(press: Watched, at: number, stamp: number): void {
    press.state = 'up';
    press.number = this.count++;
    press.hold = whole(at - press.down);
    press.stamps.push(stamp);
    this.key = press.keyboard ? null : this.key;
    this.onPress(press.element);
    // Timers may fire a moment early; a report never claims more than was watched.
    const left = (ms: number) => Math.max(0, Math.ceil(press.down + ms - now()) + 1);
    this.later(press, press.answered ? GATHER_MS : left(PRESS_REPORT_MS), () => this.report(press));
    this.later(press, left(PRESS_WATCH_MS), () => this.settle(press));
    // The browser selects text after the event; ask once it has.
    this.later(press, 0, () => this.afterwards(press));
  }

  private afterwards(press: Watched): void {
    const text = selected();
    // Rapid presses on a control also select its label, which nobody wanted.
    press.selectedText = text !== '' && text !== press.selection && !press.target?.looksInteractive;
    press.scrolled = scrollX + scrollY !== press.scroll;
    if (press.selectedText) this.note(Fact.Selection, now(), press);
  }

  private report(press: Watched): void {
    if (press.state !== 'up') return;
    this.life.catchUp();
    this.judgeInside(press, false);
    press.state = 'reported';
    press.told = press.facts.size;
    const time = now();
    const response = this.response(press, time);
    const { target } = press;
    this.recorder.add(Kind.Press, time, (writer, index) => {
      writer
        .uint(1, press.number)
        .uint(2, press.pointer !== 2 ? PressKind.Click : press.hold >= LONG_MS ? PressKind.Long : PressKind.Tap)
        .uint(3, press.pointer)
        .uint(4, whole(time) - whole(press.down))
        .sint(5, press.x)
        .sint(6, press.y)
        .sint(7, press.pageX)
        .sint(8, press.pageY);
      if (target) writer.present(9, index(target));
      writer
        .uint(10, press.button === 1 || press.button === 2 ? press.button : 0)
        .uint(11, press.hold)
        .uint(12, press.hoverBefore)
        .bool(13, press.selectedText)
        .bool(14, press.scrolled)
        .bool(15, press.keyboard)
        .bool(16, press.modified)
        .message(17, response);
    });
    if (!press.answered) this.recorder.flush();
    // On a page that moves, what was seen may not be enough for the server:
    // it learns when the second is over that no more has come.
    const left = press.down + PRESS_REPORT_MS - time;
    if (left > 0 && !press.proven && press.quiet < QUIET_MS_SURE) {
      this.later(press, Math.ceil(left) + 1, () => {
        if (press.proven) return;
        this.update(press, true);
        this.recorder.flush();
      });
    }
  }

  private update(press: Watched, last = false): void {
    if (press.state !== 'reported' || (!last && press.told === press.facts.size)) return;
    press.told = press.facts.size;
    const time = now();
    const response = this.response(press, time);
    this.recorder.add(Kind.Response, time, (writer) => writer.uint(1, press.number).message(2, response));
  }

  private settle(press: Watched): void {
    if (press.state === 'settled') return;
    this.report(press);
    this.life.catchUp();
    this.judgeInside(press, false);
    // Nothing new and already proven: there is nothing left to learn.
    this.update(press, !press.proven);
    if (!press.proven) this.recorder.flush();
    press.state = 'settled';
    press.timers.forEach(clearTimeout);
  }

  /**
   * Whether a change inside the element lasted. Asked a second later; or, for
   * good, when the same element is pressed again, since what is seen there
   * from then on may be the next press's.
   */
  private judgeInside(press: Watched, pressedAgain: boolean): void {
    const { element, inside } = press;
    if (press.judged) return;
    press.judged = pressedAgain;
    if (inside === null || !element || press.look === null) return;
    const early = PRESS_REPORT_MS - 200 - (now() - inside);
    if (!pressedAgain && early > 0 && press.state === 'up' && now() - press.down < PRESS_WATCH_MS) {
      this.later(press, early, () => this.judgeLater(press));
      return;
    }
    press.judged = true;
    const lasting = !element.isConnected || fingerprint(element, this.life) !== press.look;
    this.note(lasting ? Fact.InsideLasting : Fact.InsidePassing, inside, press);
  }

  private judgeLater(press: Watched): void {
    if (press.state === 'settled') return;
    this.life.catchUp();
    this.judgeInside(press, false);
  }

  private response(press: Watched, time: number): (writer: Writer) => void {
    const watched = Math.min(PRESS_WATCH_MS, whole(time - press.down));
    const facts = Array.from(press.facts).sort((a, b) => a[1] - b[1]);
    return (writer) => {
      writer.uint(1, watched).uint(2, this.reportable);
      for (const [fact, after] of facts) writer.message(3, (inner) => inner.uint(1, fact).uint(2, after));
      writer.uint(4, whole(press.quiet));
    };
  }

  private later(press: Watched, ms: number, act: () => void): void {
    press.timers.push(setTimeout(act, ms) as unknown as number);
  }
}

function selected(): string {
  const selection = getSelection();
  return selection && !selection.isCollapsed ? `${selection.toString().length}:${selection.anchorOffset}` : '';
}

/** Whether one element is the other or lies around or inside it. */
export function related(one: Element, other: Element): boolean {
  for (let at: Element | null = one; at; at = up(at)) if (at === other) return true;
  return other.contains(one) || one.contains(other);
}
