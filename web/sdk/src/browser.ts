/** The browser's own means, made short: the clock, listening, the windows that are watched. */

export type View = Window & typeof globalThis;
export type Hear<E> = (event: E, at: number, element: Element | null) => void;

/** Frames of the same origin are watched, too; those beyond this many are not. */
const VIEWS_MAX = 20;

/** The page's monotonic clock, ms. All times inside the SDK are read from it. */
export const now = (): number => performance.now();

/** A whole number of px or ms. */
export const whole = (value: number | false | undefined): number => Math.round(value as number) || 0;

export const later = (ms: number, act: () => void): number => setTimeout(act, ms);

/** Calls `act` once this has not been called again for so long. */
export function whenStill(ms: number, act: () => void): () => void {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = later(ms, act);
  };
}

/** A document's selected text; it never leaves here. */
export const selection = (of = document): string => String(of.getSelection());

export const hidden = (): boolean => document.visibilityState != 'visible';

/** The windows under watch: the page's, and those of its frames of the same origin. */
let views: View[] = [];
/** Who listens to the page, by type: each event is looked at once, however many hear of it. */
const hearings: Record<string, Hear<never>[]> = {};
const entered = new WeakSet<Node>();
const SHADOW_ROOT = 11;
/** What does not leave a shadow tree, so that it is heard only inside. */
const KEPT_INSIDE = /^(submit|change|invalid|(before)?toggle|scroll(end)?|select|play|pause|volumechange)$/;
const watchers: ((view: View) => void)[] = [];

function listen(target: EventTarget, type: string, hears: Hear<never>[], aheadMs = 0): void {
  // Some browsers leave the time 0 for events of their own; none may lie ahead of the clock.
  const tell = (event: Event) => {
    // What a script makes in the visitor's name is not theirs.
    if (!event.isTrusted && 'detail' in event) return;
    // What leaves a shadow tree is heard outside; the path tells it better than `composed`, which Chromium sets for a submission, too.
    if ((target as Node).nodeType == SHADOW_ROOT && 'window' in event.composedPath().at(-1)!) return;
    const time = Math.min(now(), (event.timeStamp || Infinity) + aheadMs);
    const element = origin(event);
    for (const hear of hears) hear(event as never, time, element);
  };
  target.addEventListener(type, tell, { capture: true, passive: true });
}

/** Listens to the page and its frames, before anybody else; to `target` alone where one is given. */
export function on<E = Event>(types: string, hear: Hear<E>, target?: EventTarget): void {
  for (const type of types.split(' ')) {
    if (target) listen(target, type, [hear]);
    else (hearings[type] ??= []).push(hear);
  }
}

/** Calls `watch` with each window that comes under watch. */
export const onView = (watch: (view: View) => void): unknown => watchers.push(watch);

/** The events that are being heard right now, each in its window. A frame may be gone, or have gone to another origin. */
export function happening(): Event | undefined {
  for (const view of views) {
    try {
      if (view.event) return view.event as Event;
    } catch {
      views = views.filter((one) => one != view);
    }
  }
}

/** Hears, inside a shadow tree, what does not leave it. */
export function enterShadow(root: Node): void {
  if (entered.has(root)) return;
  entered.add(root);
  for (const type in hearings) if (KEPT_INSIDE.test(type)) listen(root, type, hearings[type]!);
}

/** Puts a document under watch, and the frames in it as they load. */
export function enter(document: Document | null | undefined): void {
  const view = document?.defaultView as View | null | undefined;
  if (!view || entered.has(view.document)) return;
  // A frame keeps its window when it shows another document.
  views = views.filter((one) => !one.closed && one != view);
  if (views.length >= VIEWS_MAX) return;
  const frame = (element: unknown) => enter((element as HTMLIFrameElement).contentDocument);
  entered.add(document!);
  views.push(view);
  for (const type in hearings) {
    // A frame's window may outlive its document.
    listen(view == window ? view : document!, type, hearings[type]!, view.performance.timeOrigin - performance.timeOrigin);
  }
  for (const watch of watchers) watch(view);
  on('load', ({ target }) => frame(target), document!);
  document!.querySelectorAll('iframe').forEach(frame);
}

/** Where an event began, also inside open shadow trees. The path is asked for only there: browsers build it anew each time. */
export function origin(event: Event): Element | null {
  const target = event.target as Element | null;
  return elementOf(target?.shadowRoot ? (event.composedPath()[0] as Node) : target);
}

/** The element itself, or the one that a text lies in. */
export const elementOf = (node: Node | null | undefined): Element | null =>
  node?.nodeType == 1 ? (node as Element) : (node?.parentElement ?? null);

/** The element and everything around it, out of shadow trees and frames. */
export function lineOf(element: Element | null | undefined): Element[] {
  const line: Element[] = [];
  for (; element; element = element.parentElement ?? (element.getRootNode() as ShadowRoot).host ?? frameOf(element)) line.push(element);
  return line;
}

/** The frame that the element's document is shown in; nothing for the page's own. */
function frameOf(element: Element | null | undefined): Element | null | undefined {
  const view = element?.ownerDocument.defaultView;
  return view == window ? null : view?.frameElement;
}

/** Where an event was in the page's viewport, also from within a frame, px. */
export function placeOf({ clientX, clientY }: { clientX: number; clientY: number }, element: Element | null): [x: number, y: number] {
  for (let frame = frameOf(element); frame; frame = frameOf(frame)) {
    const box = frame.getBoundingClientRect();
    clientX += box.x + frame.clientLeft;
    clientY += box.y + frame.clientTop;
  }
  return [whole(clientX), whole(clientY)];
}
