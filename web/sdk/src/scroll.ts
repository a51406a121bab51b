import { later, now, on, whole } from './browser';
import { paths, SAMPLE_MS } from './paths';
import { Kind } from './record';

const enum ScrollCause {
  Wheel = 1,
  Touch = 2,
  Keyboard = 3,
  Bar = 4,
  Script = 5,
}

/** A wheel, key or finger still moves the page this long after, and for as long as the page has not rested for that long, ms. */
const MOMENTUM_MS = 1_500;
const SCROLL_KEYS = /^(Arrow(Up|Down)|Page(Up|Down)|Home|End| )$/;

/** How the page itself is scrolled, and by what. */
export function watchScroll(): void {
  const root = document.documentElement;
  const [take] = paths(Kind.ScrollPath, (by, start, columns) => [...start, ...columns, innerHeight, root.scrollHeight, by]);
  let hand = ScrollCause.Script;
  let until = 0;
  let timer = 0;
  let y = 0;

  const read = (time: number): void => {
    const by = time < until ? hand : ScrollCause.Script;
    if (whole(scrollY) == y) return;
    if (take(time, by, whole(scrollY))) {
      y = whole(scrollY);
      if (time < until) until = time + MOMENTUM_MS;
    }
    // Where the page came to rest must be told, however soon that was.
    else timer ||= later(SAMPLE_MS, () => {
      timer = 0;
      read(now());
    });
  };
  on<WheelEvent & KeyboardEvent>('wheel touchmove keydown pointerdown', ({ type, key, clientX }, time) => {
    const by = type == 'wheel' ? ScrollCause.Wheel : type == 'touchmove' ? ScrollCause.Touch : key ? ScrollCause.Keyboard : ScrollCause.Bar;
    if (key ? !SCROLL_KEYS.test(key) : by == ScrollCause.Bar && clientX < root.clientWidth) return;
    hand = by;
    until = time + MOMENTUM_MS;
  });
  on('scroll', ({ target }, time) => target == document && read(time));
}
