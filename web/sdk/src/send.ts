import { later, on } from './browser';
import { consented, store } from './session';
import { BEACON_BYTES_MAX, KEPT_BYTES_MAX, QUEUE_BYTES_MAX, settings } from './settings';
import { message, type Message } from './wire';

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;
const REQUEST_MS_MAX = 20_000;
/** A hidden page that is still there after this long goes on sending, ms. */
const LEAVE_MS = 1_000;

// The browser's own means, before this SDK wraps them: our traffic must never
// look like an answer of the page.
let send: typeof fetch;
let beacon: typeof navigator.sendBeacon;

/** OK; and INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE: the same bytes will never be taken. */
const SETTLED = [0, 3, 9, 11];
/** PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED: nothing from here will be taken. */
const ENOUGH = [7, 12, 16];

/** What waits for the gateway, in order. A batch leaves the queue when the gateway says that it is durable. */
let queue: Message[] = [];
let attempt = 0;
let timer = 0;
/** Whether a batch is under way, and the gateway wants no more of us. */
let flying = false;
let stopped = false;
let whenIdle: () => void;

/** Whether batches wait. */
export const busy = (): boolean => queue.length > 0;

/** How full the memory for waiting batches is, 0 to 1. */
export const fill = (): number => (stopped ? 1 : queue.reduce((bytes, batch) => bytes + batch.length, 0) / QUEUE_BYTES_MAX);

/** Begins to send; calls `idle` when nothing waits any more. */
export function start(idle: () => void): void {
  whenIdle = idle;
  send = fetch;
  beacon = navigator.sendBeacon;
  on('online', pump);
  takeOver();
}

/** With consent: takes over what this tab's page before could not bring to an end. */
export function takeOver(): void {
  const kept = store('sessionStorage')?.split(' ').map((bytes) => Uint8Array.from(bytes.split(','), Number)) ?? [];
  queue = queue.concat(kept);
  pump();
}

export function enqueue(batch: Message): void {
  if (stopped) return;
  queue.push(batch);
  if (!timer) pump();
}

/**
 * The page is being hidden and may never come back: hands the oldest batches
 * to the browser as one beacon. Nobody answers it, so they stay queued until a
 * call has been answered, by this page when it is seen again or by the next.
 */
export function hide(): void {
  if (consented) store('sessionStorage', oldest(KEPT_BYTES_MAX).join(' '));
  const batches = oldest(BEACON_BYTES_MAX - settings.key.length - 8);
  if (!stopped && batches[0]) beacon?.call(navigator, `${settings.endpoint}/v1/beacon`, new Blob([message(settings.key, batches)], { type: 'text/plain' }));
  timer ||= later(LEAVE_MS, pump);
}

/** The first batches, as far as they fit. */
function oldest(bytes: number): Message[] {
  const beyond = queue.findIndex((batch) => (bytes -= batch.length + 5) < 0);
  return queue.slice(0, beyond < 0 ? undefined : beyond);
}

/** Sends one batch at a time, and again unchanged until it is settled. */
async function pump(): Promise<void> {
  clearTimeout(timer);
  timer = 0;
  const batch = queue[0];
  if (flying || stopped || !batch) return;
  flying = true;
  const answer = await publish(batch).catch(() => '');
  flying = false;
  // A network that answers in the gateway's place, with a page of its own, names no status.
  const status = Number(/grpc-status[:,] *(\d+)/i.exec(answer)?.[1]);
  if (ENOUGH.includes(status)) {
    stopped = true;
    queue = [];
  } else if (SETTLED.includes(status)) {
    attempt = 0;
    queue.shift();
    pump();
    if (!busy()) whenIdle();
  } else {
    const backoff = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** attempt++);
    clearTimeout(timer);
    timer = later(retryAfter(answer) + backoff * (0.5 + Math.random() / 2), pump);
  }
}

/** What the gateway says: its headers, its body with the trailers, and last the details of an error. */
async function publish(batch: Message): Promise<string> {
  const { length } = batch;
  const frame = new Uint8Array([0, length >> 24, length >> 16, length >> 8, length, ...batch]);
  const response = await send(`${settings.endpoint}/furrow.v1.IngestService/Publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/grpc-web+proto', 'x-furrow-key': settings.key },
    body: frame,
    credentials: 'omit',
    signal: AbortSignal.timeout(REQUEST_MS_MAX),
  });
  const answer = [...response.headers].join('\n') + '\n' + (await response.text());
  return answer + atob(/details-bin[:,] *([a-z\d+/]+)/i.exec(answer)?.[1] ?? '');
}

/** The delay of a `google.rpc.RetryInfo` among the details, rounded up to whole seconds, in ms; else 0. */
function retryAfter(answer: string): number {
  const delay = /RetryInfo\x12.\n.(?:\x08([\x80-\xff]*.)|\x10)/s.exec(answer);
  return delay ? [...(delay[1] ?? '')].reduceRight((s, byte) => s * 128 + (byte.charCodeAt(0) & 127), 0) * 1_000 + 1_000 : 0;
}
