import { now, on, whole } from './browser';
import { Fact } from './facts';
import { brokenPage } from './problems';
import { add, close, Kind, onRenewed, turnTo } from './record';
import { LOAD_MS_MAX, settings } from './settings';
import { note, watched } from './watch';
import { message } from './wire';

const enum Referrer {
  Direct = 1,
  Internal = 2,
  Search = 3,
  Social = 4,
  Mail = 5,
  Advertisement = 6,
  Other = 7,
}

const enum NavigationKind {
  Back = 1,
  Forward = 2,
  Reload = 3,
  InPage = 4,
}

const PATH_CHARS_MAX = 300;
const GROUP_CHARS_MAX = 40;
/** Who sends visitors, by a part of the host's name. The first that fits counts. */
const REFERRERS: [Referrer, RegExp][] = [
  [Referrer.Mail, /mail|outlook/],
  [Referrer.Search, /google|bing|duckduckgo|ecosia|baidu|yandex|yahoo/],
  [Referrer.Social, /facebook|instagram|twitter|^x\.|^t\.co|linkedin|reddit|pinterest|tiktok|youtube/],
];
const ADVERTISEMENT = /clid=|[gw]braid=|utm_medium=(cp|ppc|paid|display)/;

interface NavigationApi extends EventTarget {
  currentEntry: { index: number } | null;
  activation?: { from: { index: number } | null; entry: { index: number } } | null;
}

const api = (globalThis as { navigation?: NavigationApi }).navigation;
const indexNow = (): number => api?.currentEntry?.index ?? 0;

let number = 0;
let place: string;
let href: string;
let index: number;

/** Which page is shown: by a load, by the page's own router, or out of the browser's cache. */
export function watchPages(): void {
  const load = timing();
  onRenewed(() => {
    number = 0;
    begin();
  });
  begin(true);
  if (load?.type == 'reload') tell(NavigationKind.Reload);
  if (load?.type == 'back_forward') tell(traversed());
  if (load && load.responseStatus >= 400) brokenPage(load.responseStatus);
  if (api) on<Event & { navigationType: string }>('currententrychange', ({ navigationType }) => moved(navigationType), api);
  // An older browser does not tell when a script changes the address; it shows when something is pressed next.
  else on('popstate hashchange click', ({ type }) => moved(type == 'popstate' ? 'traverse' : type));
  on<PageTransitionEvent>('pageshow', ({ persisted }) => {
    if (persisted) next(traversed());
  });
}

/** The address may have changed without a load. */
function moved(how: string): void {
  const before = index;
  if (location.href == href) return;
  href = location.href;
  index = indexNow();
  // Replacing the rest of the address is bookkeeping: also what follows the scrolling does it.
  const kept = pathNow() == place;
  if (kept && how == 'replace') return;
  note(Fact.Navigation, now());
  const kind = how != 'traverse' ? NavigationKind.InPage : index > before ? NavigationKind.Forward : NavigationKind.Back;
  if (kept) tell(kind);
  else next(kind);
}

/** The page before ends: what belongs to it, the press that led away first of all, leaves before the new one begins. */
function next(kind: NavigationKind): void {
  for (const press of watched) press._tell();
  close();
  number++;
  begin();
  tell(kind);
}

/** Tells the page view. It is written when its batch closes, which a load's end precedes where it can. */
function begin(loaded = false): void {
  place = pathNow();
  href = location.href;
  index = indexNow();
  const page = message(number, readable(place), settings.group?.slice(0, GROUP_CHARS_MAX));
  const referrer = loaded ? referrerClass() : Referrer.Internal;
  turnTo(page);
  add(Kind.PageView, now(), () => {
    const { scrollWidth, scrollHeight } = document.documentElement;
    const load = loaded && timing();
    // A page that is still being read by then is slow, however slow it may become.
    const times = load
      ? [performance.getEntriesByName('first-contentful-paint')[0]?.startTime, load.domInteractive || (now() > LOAD_MS_MAX && now()), load.loadEventEnd]
      : [0, 0, 0];
    return [page, referrer, ...[...times, scrollWidth, scrollHeight, innerWidth, innerHeight].map(whole)];
  });
}

const tell = (kind: NavigationKind): void => add(Kind.Navigation, now(), () => [kind]);

const timing = () => performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined;

/** Which way the history was gone, where the browser tells; else back, as most do. */
function traversed(): NavigationKind {
  const { from, entry } = api?.activation ?? {};
  return from && entry!.index > from.index ? NavigationKind.Forward : NavigationKind.Back;
}

/** The path; a router that keeps its path behind the hash is followed there. */
function pathNow(): string {
  return location.pathname + location.hash.replace(/^#(?!!?\/).*|\?.*/, '');
}

/** A path without addresses and tokens, which some sites put there. */
function readable(path: string): string {
  const parts = path.replace(/;[^/]*/g, '').split('/').map((part) => (/@|%40|^(?=.*\d).{24,}/.test(part) ? '…' : part));
  return parts.join('/').slice(0, PATH_CHARS_MAX);
}

function referrerClass(): Referrer {
  const { referrer } = document;
  if (ADVERTISEMENT.test(location.search)) return Referrer.Advertisement;
  if (!referrer) return Referrer.Direct;
  const { host } = new URL(referrer);
  if (host == location.host) return Referrer.Internal;
  return REFERRERS.find(([, hosts]) => hosts.test(host))?.[0] ?? Referrer.Other;
}
