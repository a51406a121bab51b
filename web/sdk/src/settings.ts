/** What a site tells the SDK. */
export interface Settings {
  /** Where the gateway answers, such as `https://furrow.example`. */
  endpoint: string;
  /** The property's write key. */
  key: string;
  /**
   * Whether the visitor agreed to be recognised. Without it nothing is stored
   * in the browser, the visitor has no id, and a session ends with its page.
   */
  consent?: boolean;
  /** Whether controls are named by their (capped) labels. On by default. */
  labels?: boolean;
  /** The site's own name for pages of this kind, such as `product`. */
  group?: string | undefined;
  /**
   * Whether to tell tilting and shaking, where the browser lets the page know
   * of them without asking. Off by default; the SDK never asks.
   */
  motion?: boolean;
}

/** As `init` was told. */
export let settings: Settings;

/** Takes the settings; the page may name what they leave out in a `meta` element. */
export function settle(own: Partial<Settings>): void {
  const named = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name=furrow-${name}]`)?.content;
  const endpoint = own.endpoint ?? named('endpoint') ?? location.origin;
  settings = { key: '', ...own, endpoint: endpoint.replace(/\/+$/, ''), group: own.group ?? named('group') };
}

/** Samples after which a batch leaves. */
export const BATCH_SAMPLES = 60;
/** A batch leaves after this long, ms. */
export const BATCH_AGE_MS = 2_000;
/** While its page loads, a batch waits; but not beyond this, ms from the load's start. */
export const LOAD_MS_MAX = 10_000;
/** A batch never grows beyond these, also while the gateway is away. */
export const BATCH_SAMPLES_MAX = 2_000;
// An interaction names at most one target and takes at most 6 kB, so this bounds the targets and the bytes too.
export const BATCH_INTERACTIONS_MAX = 40;
/** Bytes that wait for the gateway; samples stop at half of it, all else at the end. */
export const QUEUE_BYTES_MAX = 1 << 20;
/** Bytes that a tab keeps for its next page. */
export const KEPT_BYTES_MAX = 1 << 18;
/** Browsers refuse beacons above 64 KiB; the gateway takes this much. */
export const BEACON_BYTES_MAX = 60 * 1024;
/** A session ends after this long without an interaction, ms. */
export const SESSION_IDLE_MS = 30 * 60_000;
/** A session never lasts longer than this, ms. */
export const SESSION_MS_MAX = 24 * 3_600_000;
/** A session has at most 32 senders. After so many page loads the next begins another, which leaves room for tabs that open together. */
export const SESSION_LOADS_MAX = 30;
/** A press is reported as unanswered after this long, ms. */
export const PRESS_REPORT_MS = 1_000;
/** A press is watched for this long, ms. */
export const PRESS_WATCH_MS = 3_000;
