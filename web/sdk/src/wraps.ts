import { cause, Cause } from './cause';
import { now } from './clock';
import { Fact } from './facts';
import type { Press, Presses } from './presses';
import type { Problems } from './problems';
import { listening } from './targets';

const ANALYTICS =
  /google-analytics|googletagmanager|doubleclick|analytics|segment\.|mixpanel|amplitude|hotjar|clarity\.ms|plausible|matomo|sentry|datadog|newrelic|nr-data|fullstory|posthog|\/(collect|beacon|telemetry|track)\b/i;

/** Drawing within this time is one drawing, ms. */
const DRAW_MS = 100;
/** A canvas drawn again within this time is animated, ms. */
const ANIMATED_MS = 180;

type Method = (this: unknown, ...args: never[]) => unknown;

/** Calls `before` whenever a method is called; what it returns hears of the result. */
function around(
  owner: object | undefined,
  name: string,
  before: (self: unknown, args: unknown[]) => void | ((result: unknown) => void),
): void {
  const methods = owner as Record<string, Method> | undefined;
  const original = methods?.[name];
  if (!methods || typeof original !== 'function') return;
  methods[name] = function (this: unknown, ...args: never[]) {
    const after = before(this, args);
    const result = original.apply(this, args);
    after?.(result);
    return result;
  };
}

/** Watches, at their source, the answers and failures that change no node. */
export function wrapAll(presses: Presses, problems: Problems, endpoint: string): void {
  const own = (): Press | null => (cause() === Cause.Press ? presses.latest() : null);

  /** A request begins; returns the press that began it. Our own traffic never gets here. */
  const request = (url: string, quietly: boolean): Press | null => {
    const press = own();
    if (press) presses.note(quietly || ANALYTICS.test(url) ? Fact.Analytics : Fact.Request, now(), press);
    return press;
  };

  around(window, 'fetch', (_self, [input, init]) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url.startsWith(endpoint)) return;
    const press = request(url, (init as RequestInit | undefined)?.keepalive === true);
    const began = now();
    return (result) => {
      (result as Promise<Response>).then(
        ({ status }) => status >= 400 && problems.request(url, began, status, press),
        (error) => (error as Error)?.name !== 'AbortError' && problems.request(url, began, 0, press),
      );
    };
  });

  const urls = new WeakMap<object, string>();
  around(XMLHttpRequest.prototype, 'open', (self, [, url]) => void urls.set(self as object, String(url)));
  around(XMLHttpRequest.prototype, 'send', (self) => {
    const xhr = self as XMLHttpRequest;
    const url = urls.get(xhr) ?? '';
    const press = request(url, false);
    const began = now();
    xhr.addEventListener('load', () => xhr.status >= 400 && problems.request(url, began, xhr.status, press));
    xhr.addEventListener('error', () => problems.request(url, began, 0, press));
  });

  around(navigator, 'sendBeacon', (_self, [url]) => {
    if (!String(url).startsWith(endpoint)) request(String(url), true);
  });

  /** In the press's own task only: pages call these by themselves, too. */
  const when = (fact: Fact, owner: object | undefined, ...names: string[]) => {
    for (const name of names) around(owner, name, () => presses.note(fact, now(), own()));
  };
  when(Fact.Window, window, 'open', 'alert', 'confirm', 'prompt', 'print', 'showOpenFilePicker', 'showSaveFilePicker');
  when(Fact.Clipboard, navigator.clipboard, 'writeText', 'write', 'readText', 'read');
  when(Fact.Window, navigator, 'share');
  when(Fact.Media, globalThis.AudioScheduledSourceNode?.prototype, 'start', 'stop');
  when(Fact.Media, globalThis.HTMLMediaElement?.prototype, 'play', 'pause');
  when(Fact.Media, globalThis.speechSynthesis, 'speak');
  when(Fact.Transition, Element.prototype, 'animate');
  when(Fact.Transition, globalThis.SVGAnimationElement?.prototype, 'beginElement');
  when(Fact.StyleSheet, globalThis.CSSStyleSheet?.prototype, 'insertRule', 'deleteRule', 'replaceSync', 'replace');
  when(Fact.Value, HTMLInputElement.prototype, 'stepUp', 'stepDown');

  // Drawing: thousands of calls a frame, so all but the first of a moment cost
  // one comparison. A canvas that stood still is answering; one that is
  // animated is only when it is drawn in the press's own task.
  let drew = false;
  let drawn = -Infinity;
  const draw = () => {
    if (drew) return;
    drew = true;
    setTimeout(() => (drew = false), DRAW_MS);
    const at = now();
    const still = at - drawn > ANIMATED_MS;
    drawn = at;
    if (still || own()) presses.note(Fact.Canvas, at);
  };
  for (const name of ['fillRect', 'clearRect', 'fill', 'stroke', 'drawImage', 'fillText', 'putImageData']) {
    around(globalThis.CanvasRenderingContext2D?.prototype, name, draw);
  }
  for (const kind of [globalThis.WebGLRenderingContext, globalThis.WebGL2RenderingContext]) {
    for (const name of ['drawArrays', 'drawElements']) around(kind?.prototype, name, draw);
  }

  const value = (owner: object, name: string) => {
    const property = Object.getOwnPropertyDescriptor(owner, name);
    if (!property?.get || !property.set) return;
    const { get, set } = property;
    Object.defineProperty(owner, name, {
      ...property,
      set(this: object, next: unknown) {
        const press = own();
        const before: unknown = press && get.call(this);
        set.call(this, next);
        if (press && get.call(this) !== before) presses.note(Fact.Value, now(), press);
      },
    });
  };
  value(HTMLInputElement.prototype, 'value');
  value(HTMLInputElement.prototype, 'checked');
  value(HTMLTextAreaElement.prototype, 'value');
  value(HTMLSelectElement.prototype, 'selectedIndex');
  value(HTMLSelectElement.prototype, 'value');

  around(EventTarget.prototype, 'addEventListener', (self, [type]) => {
    if (self instanceof Element && /^(click|pointerdown|mousedown|touchstart)$/.test(String(type))) listening.add(self);
  });
}
