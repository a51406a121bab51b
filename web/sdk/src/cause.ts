import { happening, later, now, on } from './browser';

/** Whose doing the code that runs right now is. */
export const enum Cause {
  /** It runs in the task of a press. */
  Press,
  /** Likely so: it runs shortly after a press in a shadow tree. */
  Near,
  /** It runs in the task of something else that the visitor did. */
  Visitor,
  /** A timer, the network, or anything that cannot be told. */
  Page,
}

const PRESS = /(er|se)(down|up)$|click|touch[es]|menu|submit|reset|^change|toggle|^focus/;

/** No task of a press in a shadow tree takes longer than this until it has called what answers, ms. */
const NEAR_MS = 16;

/** When a press in a shadow tree was last heard of, until its task is over. */
let inShadow = -Infinity;
/** Whose doing the event is that a script is making right now. */
let made = Cause.Page;

/**
 * `window.event` is set while listeners run and in the microtasks right after
 * them, which is where observers are called. That tells a request or a change
 * of the press from one that merely came at the same time.
 */
export function cause(): Cause {
  const event = happening();
  if (!event) return now() - inShadow < NEAR_MS ? Cause.Near : Cause.Page;
  const { type, isTrusted } = event;
  if (!isTrusted && made < Cause.Page) return made;
  if (PRESS.test(type) && (isTrusted || !/click|down|up/.test(type))) return Cause.Press;
  // What else a person does with a pointer or a key has a view.
  return (isTrusted && 'view' in event) || /scroll|input|size/.test(type) ? Cause.Visitor : Cause.Page;
}

/** A script makes an event of its own: whoever it is made for is whose doing it is. Returns what must be called at its end. */
export function making(): () => void {
  const before = made;
  made = cause();
  return () => {
    made = before;
  };
}

/**
 * Inside shadow trees `window.event` is hidden, so there the time until the
 * next task is likely the press's own.
 */
export function watchShadow(): void {
  on('pointerdown pointerup click', (_event, _time, element) => {
    if (!(element?.getRootNode() as ShadowRoot | undefined)?.host) return;
    inShadow = now();
    later(0, () => (inShadow = -Infinity));
  });
}
