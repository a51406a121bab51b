// Score updates as they happen, over server-sent events. After every
// connection, the first one too, what was missed is unknown: the listener is
// told to load anew.

import { liveAddress } from "./api";
import { readUpdate } from "./model";
import type { Update } from "./model";

export type Link = "connecting" | "live" | "lost";

export interface Listener {
  /** What was shown may be old: load it again. */
  onResync(): void;
  onUpdate(update: Update): void;
}

/** The store follows the log within this time: then the second load is whole. */
const SETTLE_MS = 3_000;
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 15_000;

const listeners = new Set<Listener>();
const watchers = new Set<(link: Link) => void>();
let link: Link = "connecting";
let source: EventSource | null = null;
let retryMs = RETRY_MS_MIN;
let retry: ReturnType<typeof setTimeout> | undefined;
let settle: ReturnType<typeof setTimeout> | undefined;

function turn(next: Link): void {
  link = next;
  for (const watch of watchers) watch(next);
}

function lost(): void {
  source?.close();
  source = null;
  turn("lost");
  clearTimeout(retry);
  retry = setTimeout(connect, retryMs * (0.5 + Math.random() / 2));
  retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
}

function resync(): void {
  for (const listener of listeners) listener.onResync();
}

/** Connects now, whatever the state. */
export function connect(): void {
  clearTimeout(retry);
  source?.close();
  if (link !== "lost") turn("connecting");
  const fresh = new EventSource(liveAddress());
  source = fresh;
  // The service says "ready" once it listens to the log: only from here on is
  // nothing missed.
  fresh.addEventListener("ready", () => {
    retryMs = RETRY_MS_MIN;
    turn("live");
    resync();
    clearTimeout(settle);
    settle = setTimeout(resync, SETTLE_MS);
  });
  fresh.addEventListener("score", (event) => {
    let update: Update;
    try {
      update = readUpdate(JSON.parse((event as MessageEvent<string>).data));
    } catch {
      return;
    }
    for (const listener of listeners) listener.onUpdate(update);
  });
  // The service lets go of a listener that cannot keep up.
  fresh.addEventListener("resync", lost);
  fresh.addEventListener("error", lost);
}

/** Listens until the returned function is called. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tells how the connection stands, now and whenever it changes. */
export function watchLink(watch: (link: Link) => void): () => void {
  watchers.add(watch);
  watch(link);
  return () => watchers.delete(watch);
}
