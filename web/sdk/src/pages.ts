import { now, whole } from './clock';
import type { Problems } from './problems';
import { Kind, writePage, type Page, type Recorder } from './recorder';

const enum Referrer {
  Direct = 1,
  Internal = 2,
  Search = 3,
  Social = 4,
  Mail = 5,
  Advertisement = 6,
  Other = 7,
}

export const enum NavigationKind {
  Back = 1,
  Forward = 2,
  Reload = 3,
  InPage = 4,
}

const PATH_CHARS_MAX = 300;
const GROUP_CHARS_MAX = 40;
const SEARCH = /(^|\.)(google|bing|duckduckgo|ecosia|qwant|startpage|baidu|yandex|yahoo|naver|kagi)\./;
const SOCIAL = /(^|\.)(facebook|instagram|twitter|x|t|linkedin|lnkd|reddit|pinterest|tiktok|youtube|mastodon|bsky)\./;
const MAIL = /(^|\.)(mail|outlook|webmail|gmail)\./;
const ADVERTISEMENT = /[?&](gclid|gbraid|wbraid|msclkid|fbclid|utm_medium=(cpc|ppc|paid|display|banner))\b/;

interface NavigationApi {
  addEventListener(type: 'currententrychange', hear: (event: { navigationType: string | null }) => void): void;
  currentEntry: { index: number } | null;
  activation?: { from: { index: number } | null; entry: { index: number }; navigationType: string } | null;
}

const navigationApi = (): NavigationApi | undefined => (window as { navigation?: NavigationApi }).navigation;

/** Which page is shown: by a load, by the page's own router, or out of the browser's cache. */
export class Pages {
  private place = '';
  private href = '';
  private index = 0;
  /** How the current history entry was reached, where the browser tells. */
  private reached: string | null = null;

  constructor(
    private readonly recorder: Recorder,
    problems: Problems,
    private readonly group: string | undefined,
  ) {
    recorder.onRenew = () => this.begin(0, false);
    const api = navigationApi();
    this.index = api?.currentEntry?.index ?? 0;
    api?.addEventListener('currententrychange', ({ navigationType }) => (this.reached = navigationType));
    const load = performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined;
    this.begin(0, true);
    if (load?.type === 'reload') this.tell(NavigationKind.Reload);
    if (load?.type === 'back_forward') this.tell(cameForward() ? NavigationKind.Forward : NavigationKind.Back);
    const status = load?.responseStatus ?? 0;
    if (status >= 400) problems.brokenPage(status);

    this.wrap('pushState');
    this.wrap('replaceState');
    addEventListener('popstate', () => this.moved(true));
    addEventListener('hashchange', () => this.moved(false));
    addEventListener('pageshow', ({ persisted }) => {
      if (!persisted) return;
      this.next();
      this.tell(NavigationKind.Back);
    });
  }

  private wrap(name: 'pushState' | 'replaceState'): void {
    const original = history[name];
    const pages = this;
    history[name] = function (this: History, ...args: Parameters<History['pushState']>) {
      const before = location.href;
      original.apply(this, args);
      pages.onUrl(before);
      // Replacing the address is bookkeeping unless the path is another one.
      if (name === 'pushState' || pathNow() !== pages.place) pages.moved(false);
      else pages.href = location.href;
    };
  }

  /** Told when a script has changed the address. */
  onUrl: (before: string) => void = () => {};

  /** The address may have changed without a load; a click on a hash tells it twice. */
  private moved(traversed: boolean): void {
    if (location.href === this.href) return;
    this.href = location.href;
    const index = navigationApi()?.currentEntry?.index ?? this.index;
    const traverse = this.reached ? this.reached === 'traverse' : traversed;
    const kind = !traverse ? NavigationKind.InPage : index > this.index ? NavigationKind.Forward : NavigationKind.Back;
    this.index = index;
    if (pathNow() !== this.place) this.next();
    this.tell(kind);
  }

  /** The page before ends: what belongs to it leaves before the new one begins. */
  private next(): void {
    this.recorder.close();
    this.begin(this.recorder.page.number + 1, false);
  }

  private begin(number: number, loaded: boolean): void {
    this.place = pathNow();
    this.href = location.href;
    const page: Page = { number, path: readable(this.place), group: (this.group ?? meta('furrow-group')).slice(0, GROUP_CHARS_MAX) };
    this.recorder.page = page;
    const referrer = loaded ? referrerClass() : Referrer.Internal;
    this.recorder.add(Kind.PageView, now(), (writer) => {
      // Written when the batch closes, so that a load's timings are known by then.
      const root = document.documentElement;
      writer.message(1, (inner) => writePage(inner, page)).uint(2, referrer);
      if (loaded) {
        const timing = performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined;
        const paint = performance.getEntriesByName('first-contentful-paint')[0];
        writer
          .uint(3, whole(paint?.startTime ?? 0))
          .uint(4, whole(timing?.domInteractive ?? 0))
          .uint(5, whole(timing?.loadEventEnd ?? 0));
      }
      writer
        .uint(6, root?.scrollWidth ?? 0)
        .uint(7, root?.scrollHeight ?? 0)
        .uint(8, innerWidth)
        .uint(9, innerHeight);
    });
  }

  private tell(kind: NavigationKind): void {
    this.recorder.add(Kind.Navigation, now(), (writer) => writer.uint(1, kind));
  }
}

/** The path; a router that keeps its path behind the hash is followed there. */
function pathNow(): string {
  return location.pathname + (/^#!?\//.test(location.hash) ? location.hash.replace(/\?.*/, '') : '');
}

/** A path without addresses and tokens, which some sites put there. */
function readable(path: string): string {
  return path
    .split('/')
    .map((part) => (/@|%40/.test(part) || /^[\w-]{24,}$/.test(part) && /\d/.test(part) ? '…' : part))
    .join('/')
    .slice(0, PATH_CHARS_MAX);
}

function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';
}

function cameForward(): boolean {
  const activation = navigationApi()?.activation;
  return !!activation?.from && activation.entry.index > activation.from.index;
}

function referrerClass(): Referrer {
  if (ADVERTISEMENT.test(location.search)) return Referrer.Advertisement;
  if (!document.referrer) return Referrer.Direct;
  const { host } = new URL(document.referrer);
  if (host === location.host) return Referrer.Internal;
  if (MAIL.test(host)) return Referrer.Mail;
  if (SEARCH.test(host)) return Referrer.Search;
  return SOCIAL.test(host) ? Referrer.Social : Referrer.Other;
}
