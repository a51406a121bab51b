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
import { consent, conversion, exposure, feedback, identify, init, track } from './index';
import type { Settings } from './settings';

const api = { consent, conversion, exposure, feedback, identify, init, track };

type Call = [name: keyof typeof api, ...args: unknown[]];
type Global = typeof api & { queue: { push(...calls: Call[]): void } };

const call = ([name, ...args]: Call): void => (api[name] as (...args: unknown[]) => void)?.(...args);

const holder = window as unknown as { furrow?: Partial<Global> };

// A page that names the script twice is still one page.
if (!holder.furrow?.init) {
  const waiting = holder.furrow?.queue as Call[] | undefined;
  const data = (document.currentScript as HTMLScriptElement | null)?.dataset;
  holder.furrow = { ...api, queue: { push: (...calls) => calls.forEach(call) } };
  if (data?.key) {
    const { consent, labels, motion } = data;
    init({ ...data, consent: consent == 'true', labels: labels != 'false', motion: motion == 'true' } as Settings);
  }
  waiting?.forEach(call);
}
