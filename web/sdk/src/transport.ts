import { Writer } from './writer';
import { BEACON_BYTES_MAX, QUEUE_BYTES_MAX, type Settings } from './settings';

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;
const REQUEST_MS_MAX = 20_000;

/** What becomes of a batch after an attempt. */
type Outcome = { do: 'done' } | { do: 'drop' } | { do: 'stop' } | { do: 'retry'; afterMs: number };

// The page's own fetch, before this SDK or anybody later wraps it: our traffic
// must never look like an answer of the page.
const send: typeof fetch = globalThis.fetch?.bind(globalThis);

/**
 * Brings batches to the gateway in order, one at a time, and sends each again
 * unchanged until the gateway says that it is durable.
 */
export class Transport {
  /** Called when nothing waits or flies any more. */
  onIdle: () => void = () => {};

  private readonly queue: Uint8Array<ArrayBuffer>[] = [];
  private queuedBytes = 0;
  private attempt = 0;
  private flying = false;
  private paused = false;
  private stopped = false;
  private timer = 0;

  constructor(private readonly settings: Settings) {
    addEventListener('online', () => this.pump());
  }

  get busy(): boolean {
    return this.queue.length > 0;
  }

  /** How full the memory for waiting batches is, 0 to 1. */
  get fill(): number {
    return this.stopped ? 1 : this.queuedBytes / QUEUE_BYTES_MAX;
  }

  enqueue(batch: Uint8Array<ArrayBuffer>): void {
    if (this.stopped) return;
    this.queue.push(batch);
    this.queuedBytes += batch.length;
    if (!this.timer) this.pump();
  }

  /**
   * The page is being hidden and may never come back: hands the oldest batches
   * to the browser as one beacon. Nobody answers it, so they stay queued until
   * a call has been answered, which waits for the page to be seen again.
   */
  hide(): void {
    this.paused = true;
    if (this.stopped || !this.queue.length) return;
    const beacon = new Writer().string(1, this.settings.key);
    let bytes = this.settings.key.length + 8;
    for (const batch of this.queue) {
      bytes += batch.length + 5;
      if (bytes > BEACON_BYTES_MAX) break;
      beacon.raw(2, batch);
    }
    const body = new Blob([beacon.finish()], { type: 'text/plain' });
    navigator.sendBeacon?.call(navigator, `${this.settings.endpoint}/v1/beacon`, body);
  }

  show(): void {
    this.paused = false;
    this.pump();
  }

  private pump(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    const batch = this.queue[0];
    if (this.flying || this.paused || this.stopped || !batch) return;
    this.flying = true;
    void this.publish(batch).then((outcome) => {
      this.flying = false;
      this.settle(batch, outcome);
    });
  }

  private settle(batch: Uint8Array, outcome: Outcome): void {
    if (outcome.do === 'retry') {
      const backoff = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** this.attempt++);
      const wait = outcome.afterMs + backoff * (0.5 + Math.random() / 2);
      this.timer = setTimeout(() => this.pump(), wait) as unknown as number;
      return;
    }
    this.attempt = 0;
    this.queue.shift();
    this.queuedBytes -= batch.length;
    if (outcome.do === 'stop') {
      this.stopped = true;
      this.queue.length = this.queuedBytes = 0;
      return;
    }
    this.pump();
    if (!this.queue.length) this.onIdle();
  }

  private async publish(batch: Uint8Array): Promise<Outcome> {
    const frame = new Uint8Array(5 + batch.length);
    new DataView(frame.buffer).setUint32(1, batch.length);
    frame.set(batch, 5);
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), REQUEST_MS_MAX);
    try {
      const response = await send(`${this.settings.endpoint}/furrow.v1.IngestService/Publish`, {
        method: 'POST',
        headers: {
          'content-type': 'application/grpc-web+proto',
          'x-grpc-web': '1',
          'x-furrow-key': this.settings.key,
        },
        body: frame,
        credentials: 'omit',
        signal: abort.signal,
      });
      const trailers = trailersOf(new Uint8Array(await response.arrayBuffer()));
      const trailer = (name: string) => response.headers.get(name) ?? trailers.get(name);
      const status = trailer('grpc-status');
      if (status === undefined || status === null) {
        return response.status === 401 || response.status === 403
          ? { do: 'stop' }
          : { do: 'retry', afterMs: 0 };
      }
      return outcomeOf(Number(status), trailer('grpc-status-details-bin'));
    } catch {
      return { do: 'retry', afterMs: 0 };
    } finally {
      clearTimeout(limit);
    }
  }
}

function outcomeOf(status: number, details: string | undefined): Outcome {
  switch (status) {
    case 0: // OK
      return { do: 'done' };
    case 3: // INVALID_ARGUMENT
    case 9: // FAILED_PRECONDITION
    case 11: // OUT_OF_RANGE
      return { do: 'drop' };
    case 7: // PERMISSION_DENIED
    case 12: // UNIMPLEMENTED
    case 16: // UNAUTHENTICATED
      return { do: 'stop' };
    default:
      return { do: 'retry', afterMs: details ? retryDelayMs(details) : 0 };
  }
}

/** The trailers frame of a gRPC-web body: flag 0x80, length, header lines. */
function trailersOf(body: Uint8Array<ArrayBuffer>): Map<string, string> {
  const found = new Map<string, string>();
  const view = new DataView(body.buffer);
  for (let at = 0; at + 5 <= body.length; ) {
    const end = at + 5 + view.getUint32(at + 1);
    if (view.getUint8(at) & 0x80) {
      for (const line of new TextDecoder().decode(body.subarray(at + 5, end)).split('\r\n')) {
        const colon = line.indexOf(':');
        if (colon > 0) found.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
      }
    }
    at = end;
  }
  return found;
}

/** `google.rpc.RetryInfo` within the status details, in ms; 0 when there is none. */
function retryDelayMs(details: string): number {
  try {
    const text = atob(details.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, ''));
    const status = fieldsOf(Uint8Array.from(text, (char) => char.charCodeAt(0)));
    for (const [field, any] of status) {
      if (field !== 3 || typeof any === 'number') continue;
      const parts = new Map(fieldsOf(any));
      const type = parts.get(1);
      const value = parts.get(2);
      if (!(type instanceof Uint8Array) || !(value instanceof Uint8Array)) continue;
      if (!new TextDecoder().decode(type).endsWith('google.rpc.RetryInfo')) continue;
      const delay = new Map(fieldsOf(value)).get(1);
      if (!(delay instanceof Uint8Array)) continue;
      const duration = new Map(fieldsOf(delay));
      return Number(duration.get(1) ?? 0) * 1_000 + Number(duration.get(2) ?? 0) / 1e6;
    }
  } catch {
    // A detail that cannot be read only means the ordinary backoff.
  }
  return 0;
}

/** The varint and length-delimited fields of a message. */
function fieldsOf(bytes: Uint8Array): [number, number | Uint8Array][] {
  const fields: [number, number | Uint8Array][] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    if (tag % 8 === 0) fields.push([tag >>> 3, varint()]);
    else if (tag % 8 === 2) {
      const end = varint() + at;
      fields.push([tag >>> 3, bytes.subarray(at, end)]);
      at = end;
    } else break;
  }
  return fields;
}
