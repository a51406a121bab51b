/**
 * The script tag:
 *
 * ```html
 * <script>window.furrow ??= { queue: [] };</script>
 * <script async src="/furrow.iife.js" data-endpoint="https://furrow.example" data-key="KEY"></script>
 * ```
 *
 * Until it has loaded, calls wait as `furrow.queue.push(['track', 'name'])`.
 * Without `data-key` nothing starts until `furrow.init` is called. The
 * endpoint may also stand in `<meta name="furrow-endpoint">`.
 */
import * as api from './index';

type Call = [name: keyof typeof api, ...args: unknown[]];
type Global = typeof api & { queue: { push(...calls: Call[]): void } };

const call = ([name, ...args]: Call): void => {
  (api[name] as ((...args: unknown[]) => void) | undefined)?.(...args);
};

const holder = window as unknown as { furrow?: { queue?: Call[] } | Global };
const tag = document.currentScript as HTMLScriptElement | null;
const waiting = (holder.furrow?.queue ?? []) as Call[];

holder.furrow = { ...api, queue: { push: (...calls) => calls.forEach(call) } };

const data = tag?.dataset ?? {};
if (data.key) {
  const endpoint =
    data.endpoint ?? document.querySelector<HTMLMetaElement>('meta[name="furrow-endpoint"]')?.content ?? location.origin;
  api.init({
    endpoint,
    key: data.key,
    consent: data.consent === 'true',
    labels: data.labels !== 'false',
    ...(data.group ? { group: data.group } : {}),
  });
}
if (Array.isArray(waiting)) waiting.forEach(call);
