import { now, timeOf, whole } from './clock';
import { pointerOf, Pointer } from './device';
import { Kind, type Recorder } from './recorder';
import { origin, pressed } from './targets';

/** Not more than 60 samples a second, with some room for uneven timers. */
const SAMPLE_MS = 15.5;
/** After a pause this long a path ends, ms. */
const PAUSE_MS = 1_000;

/** The columns of a path, as the wire has them. */
interface Path {
  dt: number[];
  dx: number[];
  dy: number[];
}

/** Where the pointer goes, up to 60 times a second. */
export class PointerPaths {
  private path: Path | null = null;
  private type: Pointer = 0;
  private last = { at: -Infinity, x: 0, y: 0 };

  constructor(private readonly recorder: Recorder) {
    const quietly = { capture: true, passive: true };
    recorder.beforeClose.push(() => (this.path = null));
    addEventListener('pointermove', (event) => event.isTrusted && this.move(event), quietly);
    // A finger that comes down again begins a new path.
    addEventListener(
      'pointerdown',
      (event) => {
        if (event.pointerType !== 'mouse') this.path = null;
      },
      quietly,
    );
  }

  private move(event: PointerEvent): void {
    if (!event.isPrimary) return;
    const readings = event.getCoalescedEvents?.() ?? [];
    for (const reading of readings.length ? readings : [event]) {
      this.sample(timeOf(reading), whole(reading.clientX), whole(reading.clientY), pointerOf(event.pointerType));
    }
  }

  private sample(at: number, x: number, y: number, type: Pointer): void {
    const { last } = this;
    if (at - last.at < SAMPLE_MS) return;
    if (!this.recorder.sample()) return;
    if (this.path && type === this.type && at - last.at < PAUSE_MS) {
      // Each time is rounded by itself, so that the sum of steps never drifts.
      this.path.dt.push(whole(at) - whole(last.at));
      this.path.dx.push(x - last.x);
      this.path.dy.push(y - last.y);
    } else {
      this.begin(at, x, y, type);
    }
    this.last = { at, x, y };
  }

  private begin(at: number, x: number, y: number, type: Pointer): void {
    const path: Path = { dt: [], dx: [], dy: [] };
    this.recorder.add(Kind.PointerPath, at, (writer) =>
      writer
        .uint(1, type)
        .sint(2, x)
        .sint(3, y)
        .packed(4, path.dt)
        .packedSint(5, path.dx)
        .packedSint(6, path.dy),
    );
    this.path = path;
    this.type = type;
  }
}

/** A hover shorter than this, entered once, says nothing, ms. */
const HOVER_MS_MIN = 1_000;
/** A hover ends when the pointer has been elsewhere for this long, ms. */
const AWAY_MS = 3_000;
const HOVERS_MAX = 20;

interface Rest {
  entered: number | null;
  left: number;
  rested: number;
  entries: number;
}

/** How long and how often the pointer rests on things that invite a press. */
export class Hovers {
  private readonly rests = new Map<Element, Rest>();
  private over: Element | null = null;

  constructor(private readonly recorder: Recorder) {
    const quietly = { capture: true, passive: true };
    addEventListener(
      'pointerover',
      (event) => {
        if (!event.isTrusted || event.pointerType === 'touch') return;
        const hit = origin(event);
        this.enter(hit && pressed(hit), timeOf(event));
      },
      quietly,
    );
    document.addEventListener('pointerleave', (event) => this.enter(null, timeOf(event)), quietly);
  }

  /** How long the pointer has rested on this element without leaving, ms. */
  readonly resting = (element: Element, at: number): number => {
    const entered = this.rests.get(element)?.entered;
    return entered === null || entered === undefined ? 0 : whole(at - entered);
  };

  /** A press ends the hover of what it was on. */
  press(element: Element | null): void {
    const rest = element && this.rests.get(element);
    if (!element || !rest) return;
    this.tell(element, rest, true);
    this.rests.delete(element);
    this.over = null;
  }

  /** The page is going away: tells what is open. */
  endAll(): void {
    for (const [element, rest] of this.rests) this.tell(element, rest, false);
    this.rests.clear();
    this.over = null;
  }

  private enter(element: Element | null, at: number): void {
    if (element === this.over) return;
    const left = this.over && this.rests.get(this.over);
    if (left && left.entered !== null) {
      left.rested += at - left.entered;
      left.entered = null;
      left.left = at;
    }
    for (const [one, rest] of this.rests) {
      if (rest.entered !== null || (at - rest.left < AWAY_MS && this.rests.size <= HOVERS_MAX)) continue;
      this.tell(one, rest, false);
      this.rests.delete(one);
    }
    this.over = element;
    if (!element) return;
    const rest = this.rests.get(element) ?? { entered: null, left: at, rested: 0, entries: 0 };
    rest.entered = at;
    rest.entries++;
    this.rests.set(element, rest);
  }

  private tell(element: Element, rest: Rest, pressedAfter: boolean): void {
    const duration = whole(rest.rested + (rest.entered === null ? 0 : now() - rest.entered));
    if (duration < HOVER_MS_MIN && rest.entries < 2) return;
    const target = this.recorder.target(element);
    if (!target.looksInteractive) return;
    this.recorder.add(Kind.Hover, now(), (writer, index) =>
      writer.uint(1, index(target)).uint(2, duration).uint(3, rest.entries).bool(4, pressedAfter),
    );
  }
}
