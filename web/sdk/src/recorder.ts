import { now, whole } from './clock';
import { deviceKey, writeDevice } from './device';
import { Writer } from './writer';
import { describe, writeTarget, type Target } from './targets';
import type { Session } from './session';
import type { Transport } from './transport';
import {
  BATCH_AGE_MS,
  BATCH_INTERACTIONS_MAX,
  BATCH_SAMPLES,
  BATCH_SAMPLES_MAX,
  type Settings,
} from './settings';

/** The numbers of `Interaction.kind` in interaction.proto. */
export const enum Kind {
  PointerPath = 2,
  Press = 3,
  Response = 4,
  Zoom = 6,
  ScrollPath = 8,
  Hover = 9,
  Rotation = 10,
  Focus = 12,
  Visibility = 13,
  Field = 14,
  PageView = 15,
  Navigation = 16,
  Problem = 17,
  TextSelection = 18,
  Copy = 19,
  Print = 21,
  Conversion = 22,
  Exposure = 23,
  Feedback = 24,
  Identify = 25,
  Custom = 26,
  SessionEnd = 27,
}

/** Names a target by its index in the batch. */
export type Index = (target: Target) => number;

/** Writes an interaction's own fields; called once, when its batch closes. */
export type Body = (writer: Writer, index: Index) => void;

export interface Page {
  number: number;
  path: string;
  group: string;
}

interface Open {
  origin: number;
  page: Page;
  samples: number;
  interactions: { at: number; kind: Kind; body: Body }[];
}

/**
 * Gathers interactions into the sender's next batch and closes it: when it is
 * full, when it is old, or at once where someone must learn of it now.
 */
export class Recorder {
  page: Page = { number: 0, path: '', group: '' };
  /** Called before a batch closes, so that open paths end with it. */
  readonly beforeClose: (() => void)[] = [];
  /** Called when a new session has begun, to open it with a page view. */
  onRenew: () => void = () => {};

  private batch: Open | null = null;
  private timer = 0;
  private wanted = false;
  private device = '';
  /** When the last batch was closed: what comes after lies after it. */
  private floor = 0;

  constructor(
    readonly settings: Settings,
    readonly session: Session,
    private readonly transport: Transport,
  ) {
    transport.onIdle = () => {
      if (this.wanted) this.flush();
    };
  }

  /** Something the visitor did. It keeps the session alive, or begins a new one. */
  add(kind: Kind, at: number, body: Body): void {
    if (this.session.expired) this.renew(() => this.session.renew());
    this.session.touch();
    this.push(kind, at, body);
  }

  /** Something the page did. It neither prolongs a session nor begins one. */
  addPassive(kind: Kind, at: number, body: Body): void {
    if (!this.session.expired) this.push(kind, at, body);
  }

  /** Ends what is open under the old identity, then opens under the new one. */
  renew(change: () => void): void {
    this.close();
    change();
    this.device = '';
    this.onRenew();
  }

  /** Whether one more sample may be kept; counts it. */
  sample(): boolean {
    if (this.transport.fill > 0.5) return false;
    if (this.batch && ++this.batch.samples >= BATCH_SAMPLES) this.flush();
    return true;
  }

  target(element: Element): Target {
    return describe(element, this.settings.labels !== false);
  }

  /** Sends what is there, as soon as the batch before it is acknowledged. */
  flush(): void {
    if (!this.batch) return;
    this.wanted = true;
    const full =
      this.batch.samples >= BATCH_SAMPLES_MAX ||
      this.batch.interactions.length >= BATCH_INTERACTIONS_MAX;
    if (full || !this.transport.busy) this.close();
  }

  /** Closes the open batch whatever else is under way. */
  close(): void {
    for (const end of this.beforeClose) end();
    const batch = this.batch;
    clearTimeout(this.timer);
    this.wanted = false;
    this.batch = null;
    this.floor = now();
    if (!batch?.interactions.length) return;
    this.transport.enqueue(this.encode(batch));
    this.session.store();
  }

  private push(kind: Kind, time: number, body: Body): void {
    if (this.transport.fill >= 1) return;
    const at = Math.max(time, this.floor);
    // Everything after a page view belongs to it, also what began before.
    if (kind === Kind.PageView) this.floor = at;
    if (!this.batch) {
      this.batch = { origin: at, page: this.page, samples: 0, interactions: [] };
      this.timer = setTimeout(() => this.flush(), BATCH_AGE_MS) as unknown as number;
    }
    this.batch.interactions.push({ at, kind, body });
    if (this.batch.interactions.length >= BATCH_INTERACTIONS_MAX) this.flush();
  }

  private encode(batch: Open): Uint8Array<ArrayBuffer> {
    const { session } = this;
    const targets: Target[] = [];
    const places = new Map<string, number>();
    const index: Index = (target) => {
      const key = JSON.stringify(target);
      let place = places.get(key);
      if (place === undefined) {
        place = targets.push(target) - 1;
        places.set(key, place);
      }
      return place;
    };

    const inOrder = batch.interactions.sort((a, b) => a.at - b.at);
    const origin = Math.min(batch.origin, inOrder[0]!.at);
    const interactions = new Writer();
    let before = whole(origin);
    for (const { at, kind, body } of inOrder) {
      interactions.message(10, (one) =>
        one.uint(1, whole(at) - before).message(kind, (inner) => body(inner, index)),
      );
      before = whole(at);
    }

    const writer = new Writer()
      .blob(1, session.id)
      .blob(2, session.visitor)
      .blob(3, session.sender)
      .uint(4, session.sequence++)
      .uint(5, whole(session.epoch) + whole(origin))
      .uint(6, whole(session.epoch) + Math.max(whole(now()), before))
      .message(7, (page) => writePage(page, batch.page));
    const device = deviceKey();
    if (device !== this.device) writer.message(8, writeDevice);
    this.device = device;
    for (const target of targets) writer.message(9, (inner) => writeTarget(inner, target));
    return writer.append(interactions).string(11, `furrow-web/${SDK_VERSION}`).finish();
  }
}

export function writePage(writer: Writer, page: Page): void {
  writer.uint(1, page.number).string(2, page.path).string(3, page.group);
}

declare const SDK_VERSION: string;
