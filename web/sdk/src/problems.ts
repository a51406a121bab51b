import { now, whole } from './clock';
import { Fact } from './facts';
import { hashOf } from './hash';
import type { Press, Presses } from './presses';
import { Kind, type Recorder } from './recorder';

export const enum ProblemKind {
  ScriptError = 1,
  RequestFailed = 2,
  ResourceFailed = 3,
  LongTask = 4,
}

interface Problem {
  kind: ProblemKind;
  message: string;
  origin: string;
  began: number;
  status?: number;
  brokenLink?: boolean;
  /** The press in whose task it began, where that is known. */
  press?: Press | null;
}

/** The same problem is told this often per page, all problems together that often. */
const SAME_MAX = 10;
const ALL_MAX = 100;
/** Shorter tasks are everyday life, ms. */
const LONG_TASK_MS = 200;

/** What goes wrong on the page. */
export class Problems {
  private readonly seen = new Map<string, number>();
  private total = 0;

  constructor(
    private readonly recorder: Recorder,
    private readonly presses: Presses,
  ) {
    addEventListener('error', (event) => this.error(event), true);
    addEventListener('unhandledrejection', ({ reason }) => {
      const message = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
      this.add({ kind: ProblemKind.ScriptError, message, origin: 'self', began: now() });
    });
    if (PerformanceObserver.supportedEntryTypes?.includes('longtask')) {
      new PerformanceObserver((list) => {
        for (const { duration, startTime } of list.getEntries()) {
          if (duration < LONG_TASK_MS) continue;
          this.add({ kind: ProblemKind.LongTask, message: '', origin: 'self', began: startTime });
        }
      }).observe({ type: 'longtask' });
    }
  }

  /** A request of the page that failed or was answered with an error. */
  request(url: string, began: number, status: number, press: Press | null): void {
    this.add({ kind: ProblemKind.RequestFailed, message: pathOf(url), origin: hostOf(url), began, status, press });
  }

  /** The page itself was answered with an error: the link that led here is broken. */
  brokenPage(status: number): void {
    const message = location.pathname;
    this.add({ kind: ProblemKind.RequestFailed, message, origin: 'self', began: 0, status, brokenLink: true });
  }

  private error(event: ErrorEvent | Event): void {
    const element = event.target;
    if (event instanceof ErrorEvent) {
      if (event.message.startsWith('ResizeObserver')) return;
      const { message, filename } = event;
      this.add({ kind: ProblemKind.ScriptError, message, origin: hostOf(filename), began: now() });
    } else if (element instanceof Element) {
      const url = element.getAttribute('src') ?? element.getAttribute('href') ?? '';
      this.add({ kind: ProblemKind.ResourceFailed, message: pathOf(url), origin: hostOf(url), began: now() });
    }
  }

  private add({ kind, message, origin, began, status = 0, brokenLink = false, press }: Problem): void {
    // Numbers and quoted parts often hold what a person entered.
    const shape = `${kind} ${message.replace(/(["'`]).*?\1|\d+/g, '#').slice(0, 200)} ${origin}`;
    const times = (this.seen.get(shape) ?? 0) + 1;
    if (times > SAME_MAX || ++this.total > ALL_MAX) return;
    this.seen.set(shape, times);
    const at = now();
    if (kind !== ProblemKind.LongTask && kind !== ProblemKind.ResourceFailed) {
      this.presses.note(Fact.Error, at, press ?? this.presses.latest(began));
    }
    this.recorder.addPassive(Kind.Problem, at, (writer) =>
      writer
        .uint(1, kind)
        .fixed64(2, hashOf(shape))
        .string(3, origin)
        .uint(4, status)
        .uint(5, whole(at - began))
        .bool(6, brokenLink),
    );
    // Somebody may want to help while the visitor is still there.
    if (kind !== ProblemKind.LongTask) this.recorder.flush();
  }
}

function hostOf(url: string): string {
  try {
    const { host } = new URL(url, location.href);
    return !url || host === location.host ? 'self' : host.slice(0, 100);
  } catch {
    return 'self';
  }
}

function pathOf(url: string): string {
  return url.replace(/[?#].*/, '');
}
