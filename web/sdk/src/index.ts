/**
 * Furrow in the browser. `init` starts it; the rest tells it what only the
 * site knows. Everything else is seen by itself:
 *
 * - `presses.ts`, `watch.ts` what is pressed or swiped, and the facts about it
 * - `answers.ts`, `calls.ts`, `life.ts`, `look.ts`, `cause.ts` what the page does then
 * - `pointer.ts`, `scroll.ts`, `screen.ts`, `fields.ts`, `reading.ts` what else the visitor does
 * - `pages.ts`, `problems.ts` where they are and what goes wrong
 * - `targets.ts`, `device.ts` how things are named
 * - `record.ts`, `session.ts`, `send.ts`, `wire.ts` how it is gathered and sent
 * - `browser.ts`, `wrap.ts` the windows under watch, how they are listened to and their methods watched
 *
 * Names that begin with an underscore are shortened by the build.
 */
import { hearAnswers } from './answers';
import { enter, hidden, now, on } from './browser';
import { watchCalls } from './calls';
import { watchShadow } from './cause';
import { watchCover } from './cover';
import { watchFields } from './fields';
import { watchLife } from './life';
import { watchMotion } from './motion';
import { watchPages } from './pages';
import { endHovers, watchHovers, watchPointer } from './pointer';
import { settleAll, watchPresses } from './presses';
import { watchProblems } from './problems';
import { watchReading } from './reading';
import { add, addPassive, close, flush, idle, Kind, renew } from './record';
import { watchScreen } from './screen';
import { watchScroll } from './scroll';
import { hide, start, takeOver } from './send';
import { agree, begin, consented, forget, onForgotten, open, withdraw, withheld } from './session';
import { settle, settings, type Settings } from './settings';
import { indexIn, message, utf8, words, type Value } from './wire';

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

const SURVEYS = words('nps|csat|ces');
/** Each survey's least and greatest answer, by its number. */
const ANSWERS = [[0, 10], [1, 5], [1, 7]] as const;
const ATTRIBUTES_MAX = 16;
// A character is at most three bytes of UTF-8: these keep within the gateway's
// limits, so that nothing a site passes can spoil a whole batch.
const NAME_CHARS_MAX = 40;
const TEXT_CHARS_MAX = 80;
const VALUE_MINOR_MAX = 1e15;
const SESSION_END_CONSENT_WITHDRAWN = 3;

const text = (value: unknown, charsMax = TEXT_CHARS_MAX): string => String(value ?? '').slice(0, charsMax);
const name = (value: unknown): string => text(value, NAME_CHARS_MAX);

/** What is called while the browser prepares the page in advance. */
let waiting: (() => void)[] | undefined;

/** Starts watching. Later calls do nothing. */
export function init(own: Settings): void {
  if (settings || typeof document == 'undefined') return;
  // A page that the browser prepares in advance may never be seen.
  if ((document as { prerendering?: boolean }).prerendering) {
    if (!waiting) on('prerenderingchange', () => init(own), document);
    waiting ??= [];
    return;
  }
  settle(own);
  open(!!own.consent);
  onForgotten(() => consent(false));
  watchShadow();
  watchLife();
  start(idle);
  watchProblems();
  watchPages();
  watchPresses();
  hearAnswers();
  watchCalls();
  watchPointer();
  watchHovers();
  watchScroll();
  watchScreen();
  watchFields();
  watchReading();
  watchCover();
  watchMotion();

  // A page may be hidden and never come back, with or without `pagehide`.
  let shown = !hidden();
  const turn = (visible: boolean) => {
    const turned = shown != visible;
    shown = visible;
    if (!visible) {
      settleAll();
      endHovers();
    }
    if (turned) addPassive(Kind.Visibility, now(), () => [visible]);
    // A hidden page may have seen something more until it goes.
    if (!visible && (close() || turned)) hide();
  };
  on('visibilitychange', () => turn(!hidden()));
  on('pagehide', () => turn(false));
  on('pageshow', () => turn(true));
  enter(document);
  waiting?.forEach((call) => call());
}

/** Tells what the site reports, once there is somebody to tell. */
const report = (kind: Kind, ...fields: Value[]): unknown =>
  settings ? add(kind, now(), () => fields) : waiting?.push(() => report(kind, ...fields));

/** Reports a goal reached. Without an order id it is not one. */
export function conversion({ kind = 'purchase', orderId, valueMinor = 0, currency = '' }: Conversion): void {
  const code = String(currency).toUpperCase();
  const value = Math.abs(valueMinor) <= VALUE_MINOR_MAX ? Math.round(valueMinor) : 0;
  if (!text(orderId)) return;
  report(Kind.Conversion, text(orderId), value, /^[A-Z]{3}$/.test(code) && code, name(kind));
  flush();
}

/** Reports something of the site's own, with a few attributes that hold no personal data. */
export function track(event: string, attributes: Record<string, string | number | boolean> = {}): void {
  const entries = Object.entries(attributes).filter(([key]) => key);
  const told = entries.slice(0, ATTRIBUTES_MAX).map(([key, value]) => {
    const flag = typeof value == 'boolean';
    const number = Number.isFinite(value);
    return message(name(key), !flag && !number && utf8(text(value)), number && Float64Array.of(+value), flag && +value);
  });
  if (name(event)) report(Kind.Custom, name(event), told);
}

/** The site's own opaque id for this visitor; never a name or an address. */
export function identify(id: string): void {
  if (text(id) && !withheld()) report(Kind.Identify, text(id));
}

/** The visitor is shown a variant of an experiment. */
export function exposure(experiment: string, variant: string): void {
  if (name(experiment)) report(Kind.Exposure, name(experiment), name(variant));
}

/** The visitor answered a survey: NPS 0 to 10, CSAT 1 to 5, CES 1 to 7. */
export function feedback(survey: Survey, answer: number): void {
  const number = indexIn(SURVEYS, survey);
  const [least, greatest] = ANSWERS[number - 1] ?? [1, 0];
  if (Number.isInteger(answer) && answer >= least && answer <= greatest) report(Kind.Feedback, number, answer);
}

/** The visitor agreed to be recognised, or withdrew that. */
export function consent(given: boolean): void {
  if (!settings) waiting?.push(() => consent(given));
  else if (!given) {
    if (!consented) return forget();
    report(Kind.SessionEnd, SESSION_END_CONSENT_WITHDRAWN);
    renew(withdraw);
  } else if (!consented && !withheld()) {
    // What came before was not theirs to be known by: it leaves without the id.
    close();
    if (agree()) renew(begin);
    takeOver();
  }
}
