import { now, timeOf, whole } from './clock';
import { Kind, type Recorder } from './recorder';

const enum ScrollCause {
  Wheel = 1,
  Touch = 2,
  Keyboard = 3,
  Bar = 4,
  Script = 5,
}

const SAMPLE_MS = 15.5;
/** After a pause this long a path ends, ms. */
const PAUSE_MS = 1_000;
/** A wheel, key or finger still moves the page this long after, ms. */
const MOMENTUM_MS = 1_500;
const SCROLL_KEYS = /^(Arrow(Up|Down)|Page(Up|Down)|Home|End| )$/;

/** How the page itself is scrolled, and by what. */
export class ScrollPaths {
  private path: { dt: number[]; dy: number[]; cause: ScrollCause } | null = null;
  private last = { at: -Infinity, y: 0 };
  private later = 0;
  private hand: { cause: ScrollCause; at: number } = { cause: ScrollCause.Script, at: -Infinity };

  constructor(private readonly recorder: Recorder) {
    const quietly = { capture: true, passive: true };
    const by = (cause: ScrollCause) => (event: Event) => {
      if (event.isTrusted) this.hand = { cause, at: timeOf(event) };
    };
    recorder.beforeClose.push(() => (this.path = null));
    addEventListener('wheel', by(ScrollCause.Wheel), quietly);
    addEventListener('touchmove', by(ScrollCause.Touch), quietly);
    addEventListener('keydown', (event) => SCROLL_KEYS.test(event.key) && by(ScrollCause.Keyboard)(event), quietly);
    addEventListener(
      'pointerdown',
      (event) => event.clientX >= document.documentElement.clientWidth && by(ScrollCause.Bar)(event),
      quietly,
    );
    document.addEventListener('scroll', (event) => event.target === document && this.sample(timeOf(event)), quietly);
  }

  private sample(at: number): void {
    const { last } = this;
    const y = whole(scrollY);
    if (y === last.y) return;
    if (at - last.at < SAMPLE_MS) {
      // Where the page came to rest must be told, however soon that was.
      this.later ||= setTimeout(() => {
        this.later = 0;
        this.sample(now());
      }, SAMPLE_MS) as unknown as number;
      return;
    }
    if (!this.recorder.sample()) return;
    const moving = this.path && at - last.at < PAUSE_MS;
    const fresh = at - this.hand.at < MOMENTUM_MS || (moving && this.path?.cause === this.hand.cause);
    const cause = fresh ? this.hand.cause : ScrollCause.Script;
    if (this.path && moving && this.path.cause === cause) {
      this.path.dt.push(whole(at) - whole(last.at));
      this.path.dy.push(y - last.y);
    } else {
      this.begin(at, y, cause);
    }
    this.last = { at, y };
  }

  private begin(at: number, y: number, cause: ScrollCause): void {
    const path = { dt: [] as number[], dy: [] as number[], cause };
    const height = innerHeight;
    const documentHeight = document.documentElement.scrollHeight;
    this.recorder.add(Kind.ScrollPath, at, (writer) =>
      writer
        .sint(1, y)
        .packed(2, path.dt)
        .packedSint(3, path.dy)
        .uint(4, height)
        .uint(5, documentHeight)
        .uint(6, cause),
    );
    this.path = path;
  }
}
