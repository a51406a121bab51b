import { later, now, whole } from './browser';
import { device } from './device';
import { busy, enqueue, fill } from './send';
import { begin, bytesOf, epoch, expired, keep, nextSequence, sender, session, touch } from './session';
import { BATCH_AGE_MS, BATCH_INTERACTIONS_MAX, BATCH_SAMPLES, BATCH_SAMPLES_MAX, LOAD_MS_MAX } from './settings';
import type { Target } from './targets';
import { message, type Message, type Value } from './wire';

/** The numbers of `Interaction.kind` in interaction.proto. */
export const enum Kind {
  PointerPath = 2,
  Press = 3,
  Response = 4,
  Swipe = 5,
  Zoom = 6,
  Shake = 7,
  ScrollPath = 8,
  Hover = 9,
  Rotation = 10,
  TiltPath = 11,
  Focus = 12,
  Visibility = 13,
  Field = 14,
  PageView = 15,
  Navigation = 16,
  Problem = 17,
  TextSelection = 18,
  Copy = 19,
  Find = 20,
  Print = 21,
  Conversion = 22,
  Exposure = 23,
  Feedback = 24,
  Identify = 25,
  Custom = 26,
  SessionEnd = 27,
  Obstruction = 28,
}

/** An interaction's own fields; asked for once, when its batch closes. */
export type Fields = () => Value[];

interface Open {
  readonly _page: Message;
  _samples: number;
  readonly _interactions: { _at: number; _kind: Kind; _fields: Fields }[];
}

declare const SDK_VERSION: string;

let page: Message;
let batch: Open | null = null;
let timer = 0;
let wanted = false;
let told = '';
/** When the last batch was closed: what comes after lies after it. */
let floor = 0;
/** The targets of the batch that is being closed, by what they say. */
let targets = new Map<string, Message>();
const closing: (() => void)[] = [];
let renewed: () => void;

/** Calls `end` before a batch closes, so that open paths end with it. */
export const onClose = (end: () => void): unknown => closing.push(end);

/** Calls `open` when a new session has begun, to open it with a page view. */
export const onRenewed = (open: () => void): unknown => (renewed = open);

/** Names a target by its place in the batch. Only for use in `Fields`. */
export function place(target: Target | null | undefined): number | undefined {
  if (!target) return;
  const key = target._message.join();
  targets.set(key, target._message);
  return [...targets.keys()].indexOf(key);
}

/** Something the visitor did. It keeps the session alive, or begins a new one. */
export function add(kind: Kind, at: number, fields: Fields): void {
  if (expired()) renew(begin);
  touch();
  push(kind, at, fields);
}

/** Something the page did. It neither prolongs a session nor begins one. */
export function addPassive(kind: Kind, at: number, fields: Fields): void {
  if (!expired()) push(kind, at, fields);
}

/** Ends what is open under the old identity, then opens under the new one. */
export function renew(change: () => void): void {
  close();
  change();
  told = '';
  renewed();
}

/** What is told from now on belongs to this page. */
export function turnTo(next: Message): void {
  page = next;
}

/** Whether one more sample may be kept; counts it. */
export function sample(): boolean {
  if (fill() > 0.5) return false;
  if (batch && ++batch._samples >= BATCH_SAMPLES) flushLoaded();
  return true;
}

/** Sends what is there, as soon as the batch before it is acknowledged. */
export function flush(): void {
  if (!batch) return;
  wanted = true;
  const full = batch._samples >= BATCH_SAMPLES_MAX || batch._interactions.length >= BATCH_INTERACTIONS_MAX;
  if (full || !busy()) close();
}

/** As `flush`, once the page has loaded, since its view's timings are known only then. */
export function flushLoaded(): void {
  if (document.readyState == 'complete' || now() > LOAD_MS_MAX) return flush();
  clearTimeout(timer);
  timer = later(BATCH_AGE_MS, flushLoaded);
}

/** Nothing waits for the gateway any more. */
export function idle(): void {
  if (wanted) flush();
}

/** Closes the open batch, if there is one, whatever else is under way. */
export function close(): boolean {
  for (const end of closing) end();
  const closed = batch;
  clearTimeout(timer);
  wanted = false;
  batch = null;
  floor = now();
  if (!closed) return false;
  enqueue(encode(closed));
  keep();
  return true;
}

function push(kind: Kind, time: number, fields: Fields): void {
  if (fill() >= 1) return;
  const at = Math.max(time, floor);
  // Everything after a page view belongs to it, also what began before.
  if (kind == Kind.PageView) floor = at;
  if (!batch) {
    batch = { _page: page, _samples: 0, _interactions: [] };
    timer = later(BATCH_AGE_MS, flushLoaded);
  }
  if (batch._interactions.push({ _at: at, _kind: kind, _fields: fields }) >= BATCH_INTERACTIONS_MAX) flush();
}

function encode({ _page, _interactions }: Open): Message {
  const inOrder = _interactions.sort((a, b) => a._at - b._at);
  const start = whole(inOrder[0]!._at);
  targets = new Map();
  let before = start;
  const messages = inOrder.map(({ _at, _kind, _fields }) => {
    const interaction: Value[] = [whole(_at) - before];
    interaction[_kind - 1] = message(..._fields());
    before = whole(_at);
    return message(...interaction);
  });
  const own = device();
  const changed = told != (told = own.join());
  return message(
    bytesOf(session.session),
    bytesOf(session.visitor),
    bytesOf(sender),
    nextSequence(),
    whole(epoch) + start,
    whole(epoch) + Math.max(whole(now()), before),
    _page,
    changed && own,
    [...targets.values()],
    messages,
    `furrow-web/${SDK_VERSION}`,
  );
}
