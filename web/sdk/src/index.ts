/**
 * Furrow in the browser. `init` starts it; the rest tells it what only the
 * site knows. Everything else is seen by itself:
 *
 * - `presses.ts` what is pressed, `answers.ts`, `life.ts`, `wraps.ts` what the page does then
 * - `pointer.ts`, `scroll.ts`, `screen.ts`, `fields.ts`, `reading.ts` what else the visitor does
 * - `pages.ts`, `problems.ts` where they are and what goes wrong
 * - `recorder.ts`, `session.ts`, `transport.ts` how it is gathered and sent
 */
import { hearAnswers } from './answers';
import { watchShadow } from './cause';
import { now } from './clock';
import { Fact } from './facts';
import { watchFields } from './fields';
import { Life } from './life';
import { Pages } from './pages';
import { Hovers, PointerPaths } from './pointer';
import { Presses } from './presses';
import { Problems } from './problems';
import { watchReading } from './reading';
import { Kind, Recorder } from './recorder';
import { tellVisibility, watchScreen, watchZoom } from './screen';
import { ScrollPaths } from './scroll';
import { Session } from './session';
import type { Settings } from './settings';
import { Transport } from './transport';
import { wrapAll } from './wraps';

export type { Settings } from './settings';

/** A goal reached. */
export interface Conversion {
  /** The site's own name of the goal; `purchase` when left out. */
  kind?: string;
  /** Counts once, however often and by whomever it is reported. */
  orderId: string;
  /** In minor units of the currency, such as cents. */
  valueMinor?: number;
  /** ISO 4217, such as `EUR`. */
  currency?: string;
}

export type Survey = 'nps' | 'csat' | 'ces';

/** Each survey's number and its least and greatest answer. */
const SURVEYS: Record<Survey, [number: number, least: number, greatest: number]> = {
  nps: [1, 0, 10],
  csat: [2, 1, 5],
  ces: [3, 1, 7],
};
const ATTRIBUTES_MAX = 16;
// A character is at most three bytes of UTF-8: these keep within the gateway's
// limits, so that nothing a site passes can spoil a whole batch.
const NAME_CHARS_MAX = 40;
const TEXT_CHARS_MAX = 80;
const VALUE_MINOR_MAX = 1e15;
const SESSION_END_CONSENT_WITHDRAWN = 3;

let recorder: Recorder | null = null;

const text = (value: unknown): string => String(value ?? '').slice(0, TEXT_CHARS_MAX);
const name = (value: unknown): string => String(value ?? '').slice(0, NAME_CHARS_MAX);

/** Starts watching. Later calls do nothing. */
export function init(settings: Settings): void {
  if (recorder || typeof document === 'undefined' || typeof fetch !== 'function') return;
  // A page that the browser prepares in advance may never be seen.
  if ((document as { prerendering?: boolean }).prerendering) {
    document.addEventListener('prerenderingchange', () => init(settings), { once: true });
    return;
  }
  const own = { ...settings, endpoint: settings.endpoint.replace(/\/+$/, '') };
  const transport = new Transport(own);
  const recording = new Recorder(own, new Session(own), transport);
  recorder = recording;

  recording.session.onForgotten(() => consent(false));

  const life = new Life();
  const hovers = new Hovers(recording);
  const presses = new Presses(recording, life, hovers.resting);
  life.watch = presses;
  presses.onPress = (element) => hovers.press(element);
  const problems = new Problems(recording, presses);
  const pages = new Pages(recording, problems, own.group);
  pages.onUrl = (before) => {
    if (location.href !== before) presses.note(Fact.Navigation);
  };
  watchShadow();
  hearAnswers(presses, life);
  wrapAll(presses, problems, own.endpoint);
  new PointerPaths(recording);
  new ScrollPaths(recording);
  watchScreen(recording);
  watchZoom(recording);
  watchFields(recording);
  watchReading(recording);

  // A page may be hidden and never come back, with or without `pagehide`.
  let shown = document.visibilityState !== 'hidden';
  const hide = () => {
    if (!shown) return;
    shown = false;
    presses.settleAll();
    hovers.endAll();
    tellVisibility(recording, false);
    recording.close();
    transport.hide();
  };
  const show = () => {
    if (shown) return;
    shown = true;
    transport.show();
    tellVisibility(recording, true);
  };
  document.addEventListener('visibilitychange', () => (document.visibilityState === 'hidden' ? hide() : show()));
  addEventListener('pagehide', hide);
  addEventListener('pageshow', show);
}

/** Reports a goal reached. Without an order id it is not one. */
export function conversion({ kind = 'purchase', orderId, valueMinor = 0, currency = '' }: Conversion): void {
  const id = text(orderId);
  const value = Math.abs(valueMinor) <= VALUE_MINOR_MAX ? Math.round(valueMinor) : 0;
  const code = String(currency).toUpperCase();
  if (!id) return;
  recorder?.add(Kind.Conversion, now(), (writer) =>
    writer
      .string(1, id)
      .int64(2, value)
      .string(3, /^[A-Z]{3}$/.test(code) ? code : '')
      .string(4, name(kind)),
  );
  recorder?.flush();
}

/** Reports something of the site's own, with a few attributes that hold no personal data. */
export function track(event: string, attributes: Record<string, string | number | boolean> = {}): void {
  if (!name(event)) return;
  const entries = Object.entries(attributes).filter(([key]) => key).slice(0, ATTRIBUTES_MAX);
  recorder?.add(Kind.Custom, now(), (writer) => {
    writer.string(1, name(event));
    for (const [key, value] of entries) {
      writer.message(2, (inner) => {
        inner.string(1, name(key));
        if (typeof value === 'number' && isFinite(value)) inner.double(3, value);
        else if (typeof value === 'boolean') inner.present(4, value ? 1 : 0);
        else inner.text(2, text(value));
      });
    }
  });
}

/** The site's own opaque id for this visitor; never a name or an address. */
export function identify(id: string): void {
  if (text(id)) recorder?.add(Kind.Identify, now(), (writer) => writer.string(1, text(id)));
}

/** The visitor is shown a variant of an experiment. */
export function exposure(experiment: string, variant: string): void {
  if (!name(experiment)) return;
  recorder?.add(Kind.Exposure, now(), (writer) => writer.string(1, name(experiment)).string(2, name(variant)));
}

/** The visitor answered a survey: NPS 0 to 10, CSAT 1 to 5, CES 1 to 7. */
export function feedback(survey: Survey, answer: number): void {
  const [number, least, greatest] = SURVEYS[survey] ?? [0, 1, 0];
  if (!Number.isInteger(answer) || answer < least || answer > greatest) return;
  recorder?.add(Kind.Feedback, now(), (writer) => writer.uint(1, number).uint(2, answer));
}

/** The visitor agreed to be recognised, or withdrew that. */
export function consent(given: boolean): void {
  const recording = recorder;
  if (!recording || recording.session.consent === given) return;
  if (given) {
    // What came before was not theirs to be known by: it leaves without the id.
    recording.close();
    recording.session.decide(true);
    return;
  }
  recording.add(Kind.SessionEnd, now(), (writer) => writer.uint(1, SESSION_END_CONSENT_WITHDRAWN));
  recording.renew(() => recording.session.decide(false));
}
