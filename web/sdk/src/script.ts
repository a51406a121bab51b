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

const holder = window as unknown as { furrow?: Partial<Global> };
const tag = document.currentScript as HTMLScriptElement | null;

// A page that names the script twice is still one page.
if (!holder.furrow?.init) {
  const waiting = holder.furrow?.queue;
  holder.furrow = { ...api, queue: { push: (...calls: Call[]) => calls.forEach(call) } };

  const data = tag?.dataset ?? {};
  const meta = document.querySelector<HTMLMetaElement>('meta[name="furrow-endpoint"]');
  if (data.key) {
    api.init({
      endpoint: data.endpoint ?? meta?.content ?? location.origin,
      key: data.key,
      consent: data.consent === 'true',
      labels: data.labels !== 'false',
      ...(data.group ? { group: data.group } : {}),
    });
  }
  if (Array.isArray(waiting)) (waiting as Call[]).forEach(call);
}
