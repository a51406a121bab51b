import { now, on, whole } from './browser';
import { Fact, observe } from './facts';
import { addPassive, flushLoaded, Kind } from './record';
import { at, note, type Watched } from './watch';
import { hashOf } from './wire';

const enum ProblemKind {
  ScriptError = 1,
  RequestFailed = 2,
  ResourceFailed = 3,
  LongTask = 4,
}

/** The same problem is told this often per page load, all problems together that often. */
const SAME_MAX = 10;
const ALL_MAX = 100;
const HOST_CHARS_MAX = 100;
/** Shorter tasks are everyday life, ms. */
const LONG_TASK_MS = 200;

const told: string[] = [];

/** What goes wrong on the page. */
export function watchProblems(): void {
  on<ErrorEvent>('error', ({ message, filename }, _time, element) => {
    if (element) {
      const { src, href } = element as HTMLImageElement & HTMLLinkElement;
      tell(ProblemKind.ResourceFailed, src || href);
    } else if (!/^ResizeObserver/.test(message)) tell(ProblemKind.ScriptError, filename, message);
  });
  on<PromiseRejectionEvent>('unhandledrejection', ({ reason }) => tell(ProblemKind.ScriptError, '', reason?.message ?? typeof reason));
  observe('longtask', ({ duration, startTime }) => {
    if (duration >= LONG_TASK_MS) tell(ProblemKind.LongTask, '', '', startTime);
  });
}

/** A request of the page that failed, or was answered with an error. */
export const failed = (url: string, began: number, status: number, press?: Watched | null): void =>
  tell(ProblemKind.RequestFailed, url, '', began, status, press);

/** The page itself was answered with an error: the link that led here is broken. */
export const brokenPage = (status: number): void => tell(ProblemKind.RequestFailed, location.pathname, '', 0, status, null, true);

function tell(kind: ProblemKind, url: unknown, text: unknown = '', began = now(), status = 0, press?: Watched | null, link?: boolean): void {
  const { host, pathname } = Object.assign(document.createElement('a'), { href: String(url) });
  const origin = host == location.host ? '' : host.slice(0, HOST_CHARS_MAX);
  // Numbers and quoted parts often hold what a person entered.
  const shape = `${kind} ${origin} ${text || pathname}`.replace(/(["'`]).*?\1|\d+/g, '#').slice(0, 200);
  if (told.length >= ALL_MAX || told.filter((one) => one == shape)[SAME_MAX - 1]) return;
  told.push(shape);
  const time = now();
  if (kind < ProblemKind.ResourceFailed) note(Fact.Error, time, press ?? at(began));
  addPassive(Kind.Problem, time, () => [kind, hashOf(shape), origin || 'self', status, whole(time - began), link]);
  // Somebody may want to help while the visitor is still there.
  if (kind != ProblemKind.LongTask) flushLoaded();
}
