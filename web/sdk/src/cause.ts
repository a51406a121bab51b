import { origin } from './targets';

/** Whose doing the code that runs right now is. */
export const enum Cause {
  /** It runs in the task of a press. */
  Press,
  /** It runs in the task of something else that the visitor did. */
  Visitor,
  /** A timer, the network, or anything that cannot be told. */
  Page,
}

const PRESS =
  /^(pointer(down|up)|mouse(down|up)|touch(start|end)|(dbl|aux)?click|contextmenu|submit|reset|change|(before)?toggle|focus(in)?)$/;
const VISITOR =
  /^((pointer|mouse)(move|over|out|enter|leave)|touchmove|wheel|(before)?input|key(down|up|press)|scroll|resize|blur|focusout)$/;

let inShadow = false;

/**
 * `window.event` is set while listeners run and in the microtasks right after
 * them, which is where observers are called. That tells a request or a change
 * of the press from one that merely came at the same time.
 */
export function cause(): Cause {
  const event = window.event;
  if (!event) return inShadow ? Cause.Press : Cause.Page;
  if (PRESS.test(event.type) && (event.isTrusted || !/click|down|up/.test(event.type))) return Cause.Press;
  return VISITOR.test(event.type) ? Cause.Visitor : Cause.Page;
}

/**
 * Inside shadow trees `window.event` is hidden, so there the time until the
 * next task counts as the press's own.
 */
export function watchShadow(): void {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => (inShadow = false);
  for (const type of ['pointerdown', 'pointerup', 'click']) {
    const hear = (event: Event) => {
      if (!event.isTrusted || !(origin(event)?.getRootNode() instanceof ShadowRoot)) return;
      inShadow = true;
      channel.port2.postMessage(0);
    };
    addEventListener(type, hear, { capture: true, passive: true });
  }
}
