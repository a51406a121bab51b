import { now, on, onView, type View } from './browser';
import { cause, Cause } from './cause';
import { Fact } from './facts';
import { moved } from './life';
import { failed } from './problems';
import { kindOf, listening, TargetKind } from './targets';
import { latest, note, watched, type Watched } from './watch';

const ANALYTICS = /analytics|doubleclick|segment\.|mixpanel|amplitude|sentry|posthog|collect|beacon|telemetry|track\b/i;

/** Drawing within this time is one drawing, ms. */
const DRAW_MS = 100;
/** A canvas drawn again within this time is animated, ms. */
const ANIMATED_MS = 400;

/** Calls that answer, in the press's own task only: pages make them by themselves, too. Owners, each with its methods. */
const CALLS: [Fact, owners: string][] = [
  [Fact.Window, 'window.open.alert.confirm.prompt HTMLInputElement.showPicker'],
  [Fact.Clipboard, 'Clipboard.writeText.write'],
  [Fact.Media, 'AudioScheduledSourceNode.start.stop HTMLMediaElement.play.pause SpeechSynthesis.speak'],
  [Fact.Transition, 'SVGAnimationElement.beginElement'],
  [Fact.Scroll, 'window.scroll.scrollTo.scrollBy Element.scroll.scrollTo.scrollBy.scrollIntoView'],
  // A rule's `style` is asked for in order to write it.
  [Fact.StyleSheet, 'CSSStyleSheet.insertRule.deleteRule.replaceSync.replace CSSStyleRule.style HighlightRegistry.set.delete.clear'],
  [Fact.Value, 'HTMLInputElement.stepUp.stepDown'],
];
const DRAWING =
  'CanvasRenderingContext2D.fillRect.clearRect.fill.stroke.drawImage.fillText.putImageData ' +
  'WebGLRenderingContext.drawArrays.drawElements WebGL2RenderingContext.drawArrays.drawElements';
const VALUES = 'StyleSheet.disabled Element.scrollTop.scrollLeft HTMLInputElement.value.checked HTMLTextAreaElement.value HTMLSelectElement.selectedIndex.value';

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Methods = Record<string, Method | undefined>;
/** Called before the method; what it returns hears of the result. */
type Before = (args: unknown[], self: unknown) => void | ((result: unknown) => void);

/** Calls `each` with every owner and name in such a list, as far as the browser has them. */
function members(view: View, list: string, each: (owner: Methods, name: string) => void): void {
  for (const one of list.split(' ')) {
    const [owner, ...names] = one.split('.') as [keyof View];
    const holder = view[owner] as { prototype?: Methods } | undefined;
    if (holder) for (const name of names) each(holder.prototype ?? (holder as Methods), name);
  }
}

/** The press in whose task this runs. */
const own = (): Watched | null | undefined => (cause() <= Cause.Near ? latest() : null);

/** Watches, at their source, the answers and failures that change no node. */
export function watchCalls(): void {
  onView((view) => {
    const around = (list: string, before: Before) =>
      members(view, list, (owner, name) => {
        const property = Object.getOwnPropertyDescriptor(owner, name);
        const part = property?.value ? 'value' : 'get';
        const original = property?.[part] as Method | undefined;
        if (!original) return;
        property![part] = function (this: unknown, ...args: unknown[]) {
          const after = before(args, this);
          const result = original.apply(this, args);
          after?.(result);
          return result;
        };
        Object.defineProperty(owner, name, property!);
      });

    around('window.fetch', ([input, init]) => {
      const request = input as Request;
      const tell = begun(request.url ?? input, (init as RequestInit | undefined)?.keepalive);
      return (result) =>
        (result as Promise<Response>).then(
          ({ status }) => tell(status),
          ({ name }) => name != 'AbortError' && tell(0),
        );
    });
    // Sent in the same task, as good as always.
    around('XMLHttpRequest.open', ([, url], self) => {
      const xhr = self as XMLHttpRequest;
      const tell = begun(url);
      on('load error', () => tell(xhr.status), xhr);
    });
    around('Navigator.sendBeacon', ([url]) => void begun(url, true));

    for (const [fact, list] of CALLS) around(list, () => void note(fact, now(), own()));
    around('Element.animate', (_args, self) => {
      if (own()) moved(self as Element, now());
    });
    // A script presses what the visitor does not see: a download, a choice of files.
    around('HTMLElement.click EventTarget.dispatchEvent', ([event], self) => {
      const away = (!event || (event as Event).type == 'click') && (self as Element | null)?.localName && kindOf(self as Element);
      if (away == TargetKind.LinkAway || away == TargetKind.File) note(Fact.Window, now());
    });
    around(DRAWING, draw);
    around('EventTarget.addEventListener', ([type], self) => {
      if (self && /^(click|pointerdown|mousedown|touchstart)$/.test(type as string)) listening.add(self as Element);
    });
    members(view, VALUES, (owner, name) => {
      const property = Object.getOwnPropertyDescriptor(owner, name);
      if (!property?.set) return;
      Object.defineProperty(owner, name, {
        ...property,
        set(next) {
          const press = own();
          const before = press && property.get!.call(this);
          property.set!.call(this, next);
          if (press && property.get!.call(this) !== before) note(Fact.Value, now(), press);
        },
      });
    });
  });
}

/** A request begins, of the page and not our own; returns who must be told the status of its answer. */
function begun(address: unknown, quietly?: boolean): (status: number) => void {
  const url = String(address);
  const press = own();
  const time = now();
  note(quietly || ANALYTICS.test(url) ? Fact.Analytics : Fact.Request, time, press);
  return (status) => {
    if (status >= 400 || !status) failed(url, time, status, press);
  };
}

/** The press after which something was drawn a moment ago; null when nothing was. */
let drew: Watched | null | undefined = null;
let drawn = -Infinity;

/**
 * Thousands of calls a frame, so all but the first of a moment cost one
 * comparison. A canvas that stood still is answering; one that is animated is
 * only when it is drawn in the press's own task.
 */
function draw(): void {
  const press = watched.at(-1);
  if (drew === press) return;
  drew = press;
  setTimeout(() => (drew = null), DRAW_MS);
  const time = now();
  const still = time - drawn > ANIMATED_MS;
  drawn = time;
  if (still || own()) note(Fact.Canvas, time);
}
