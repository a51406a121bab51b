import { now, on } from './browser';
import { cause, Cause, making } from './cause';
import { Fact } from './facts';
import { moved } from './life';
import { failed } from './problems';
import { kindOf, listening, TargetKind } from './targets';
import { latest, note, watched, type Watched } from './watch';
import { around } from './wrap';

/** In an address without its query. */
const ANALYTICS = /analytics|doubleclick|segment\.|mixpanel|amplitude|sentry|posthog|\b(collect|beacon|telemetry|track)\b/i;

/** Drawing within this time is one drawing, ms. */
const DRAW_MS = 100;
/** A canvas that is drawn in so many moments by itself is animated, until it has stood still for so long, ms. */
const ANIMATED_MIN = 5;
const STILL_MS = 2_000;

/** Calls that answer, in the press's own task only: pages make them by themselves, too. */
const CALLS: [Fact, owners: string, names: RegExp][] = [
  [Fact.Window, 'window HTMLInputElement', /^(open|alert|confirm|prompt|showPicker)$/],
  [Fact.Clipboard, 'Clipboard', /^write/],
  [Fact.Media, 'AudioScheduledSourceNode HTMLMediaElement SpeechSynthesis', /^(start|stop|play|pause|speak)$/],
  [Fact.Transition, 'SVGAnimationElement', /^begin/],
  [Fact.Scroll, 'window Element', /^scroll(To|By|Into.*)?$/],
  [Fact.StyleSheet, 'CSSStyleSheet CSSStyleRule HighlightRegistry', /^(insert|delete|replace|set|clear|style$)/],
  [Fact.Value, 'HTMLInputElement', /^step(U|D)/],
  [Fact.Navigation, 'History', /^replaceS/],
];

/** Who must be told what the last request of each was answered: one may be used again. */
const requests = new WeakMap<XMLHttpRequest, (status: number) => void>();

/** The press in whose task this runs. */
const own = (): Watched | null | undefined => (cause() <= Cause.Near ? latest() : null);

/** Watches, at their source, the answers and failures that change no node. */
export function watchCalls(): void {
  around('window', /^fetch$/, ([input, init]) => {
    const request = input as Request;
    const { keepalive, signal = request.signal } = (init ?? {}) as RequestInit;
    const tell = begun(request.url ?? input, keepalive);
    return (result) =>
      (result as Promise<Response>).then(
        ({ status }) => tell(status),
        // What the page itself has given up has not failed.
        () => signal?.aborted || tell(0),
      );
  });
  // Sent in the same task, as good as always.
  around('XMLHttpRequest', /^open$/, ([, url], self) => {
    const xhr = self as XMLHttpRequest;
    if (!requests.has(xhr)) on('load error timeout', () => requests.get(xhr)!(xhr.status), xhr);
    requests.set(xhr, begun(url));
  });
  around('Navigator', /^sendB/, ([url]) => void begun(url, true));

  for (const [fact, owners, names] of CALLS) around(owners, names, () => void note(fact, now(), own()));
  around('Element', /^animate$/, (_args, self) => {
    if (own()) moved(self as Element, now());
  });
  // A script presses what the visitor does not see: a download, a choice of files.
  around('HTMLElement EventTarget', /^(click|dispatchEvent)$/, ([event], self) => {
    const away = (!event || (event as Event).type == 'click') && (self as Element | null)?.localName && kindOf(self as Element);
    if (away == TargetKind.LinkAway || away == TargetKind.File) note(Fact.Window, now());
    return making();
  });
  around('CanvasRenderingContext2D WebGLRenderingContext WebGL2RenderingContext', /^(fill|stroke|clear|draw|put)(?!S)/, draw);
  around('EventTarget', /^addEv/, ([type], self) => {
    if (self && /^(click|pointerdown|mousedown|touchstart)$/.test(type as string)) listening.add(self as Element);
  });
  around(
    'StyleSheet Element HTMLInputElement HTMLTextAreaElement HTMLSelectElement',
    /^(disabled|scroll(Top|Left)|value|checked|selectedIndex)$/,
    (_args, self, { get }) => {
      const press = own();
      const before = press && get!.call(self);
      return () => {
        if (press && get!.call(self) !== before) note(Fact.Value, now(), press);
      };
    },
  );
}

/** A request begins, of the page and not our own; returns who must be told the status of its answer. */
function begun(address: unknown, quietly?: boolean): (status: number) => void {
  const url = String(address);
  const press = own();
  const time = now();
  note(quietly || ANALYTICS.test(url.split('?')[0]!) ? Fact.Analytics : Fact.Request, time, press);
  return (status) => {
    if (status >= 400 || !status) failed(url, time, status, press);
  };
}

/** The press after which something was drawn a moment ago; null when nothing was. */
let drew: Watched | null | undefined = null;
let drawn = -Infinity;
/** Moments in which something was drawn although nothing was pressed. */
let alone = 0;

/**
 * Thousands of calls a frame, so all but the first of a moment cost one
 * comparison. A canvas that is drawn only after presses is answering; one that
 * is animated is only when it is drawn in the press's own task.
 */
function draw(): void {
  const press = watched.at(-1);
  if (drew === press) return;
  drew = press;
  setTimeout(() => (drew = null), DRAW_MS);
  const time = now();
  if (time - drawn > STILL_MS) alone = 0;
  if (!latest()) alone++;
  drawn = time;
  if (alone < ANIMATED_MIN || own()) note(Fact.Canvas, time);
}
