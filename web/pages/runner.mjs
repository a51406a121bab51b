// Shows every widget in a real Chromium, presses it, and hands what the SDK
// sent to the scoring core: what did it make of these presses?
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { launch } from '../testbed/browser.mjs';
import { LocalServer } from '../testbed/local-server.mjs';
import { acknowledge, Batch, Beacon, RESPONSE_KINDS } from '../testbed/wire.mjs';

const here = import.meta.dirname;
const FOLDERS = [join(here, 'dist'), join(here, '../sdk/dist'), join(here, 'src/files')];
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html' };
/** Pages at the same time: they mostly wait. */
const AT_ONCE = Number(process.env.FURROW_PAGES_AT_ONCE ?? 8);
/** How long a page may take to come up, or an answer to be told. */
const WAIT_MS = 60_000;
/** A page shows its habits for this long before it is pressed. */
const HABITS_MS = 2_600;
/** Nobody presses in the moment in which a page comes up. */
const STILL_MS = 1_500;
/** A burst is over after a second without a press. */
const APART_MS = 1_400;
/** The SDK watches this long. */
const WATCHED_MS = 3_000;

/** Facts that are no answer, whatever the page is like. */
const NO_ANSWER = new Set(['mutation_moving', 'mutation_inside_passing', 'error', 'analytics']);

/** The site with the widgets, which also takes what the SDK sends. */
class Site extends LocalServer {
  /** Batches by the path of their page, each once, oldest first. */
  batches = new Map();
  pages = new Map();
  count = 0;

  /** A page for this run; gives its path. */
  page(shown) {
    const path = `/page/${++this.count}`;
    this.pages.set(
      path,
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${shown.name}</title><link rel="icon" href="data:,">
      <style>body { font: 16px sans-serif; margin: 16px } #case { min-height: 40px; margin-bottom: 40px } #case button { position: relative; overflow: hidden }</style>
      <script src="/furrow.iife.js"></script>
      <script>furrow.init({ endpoint: location.origin, key: 'furrow-demo' }); window.shown = ${JSON.stringify(shown)}</script>
      <body><p>Some words above.</p><div id="case"></div><div id="noise"></div><p>Some words below.</p>
      <script type="module" src="/page.js"></script>`,
    );
    return path;
  }

  async answer(request, response) {
    const { pathname } = new URL(request.url, 'http://site');
    if (request.method === 'POST') {
      const body = await buffer(request);
      if (pathname === '/furrow.v1.IngestService/Publish') {
        this.take(body.subarray(5));
        return acknowledge(response);
      }
      if (pathname === '/v1/beacon') Beacon.decode(body).batches.forEach((bytes) => this.take(bytes));
      return response.writeHead(204).end();
    }
    if (pathname === '/poll') return response.end(String(Date.now() % 97));
    const page = this.pages.get(pathname);
    if (page) return response.setHeader('content-type', 'text/html').end(page);
    for (const folder of FOLDERS) {
      try {
        const content = readFileSync(join(folder, pathname));
        return response.setHeader('content-type', TYPES[extname(pathname)] ?? 'application/octet-stream').end(content);
      } catch {
        // The next folder may have it.
      }
    }
    response.writeHead(404).end();
  }

  take(bytes) {
    const batch = Batch.decode(bytes);
    const { path } = batch.page;
    const taken = this.batches.get(path) ?? new Map();
    taken.set(batch.sequence, batch);
    this.batches.set(path, taken);
  }

  of(path) {
    return [...(this.batches.get(path)?.values() ?? [])].sort((a, b) => a.sequence - b.sequence);
  }

  /** Presses by number with what is known of their answers. */
  presses(path) {
    const presses = new Map();
    for (const { interactions, targets, originMs } of this.of(path)) {
      let at = Number(originMs);
      for (const { press, response, dtMs } of interactions) {
        at += dtMs;
        if (press) presses.set(press.number, { target: targets[press.target]?.selector, down: at - press.downBeforeMs, response: press.response });
        const whole = response && presses.get(response.press);
        if (whole) whole.response = response.response;
      }
    }
    return [...presses.values()].map(({ target, down, response }) => {
      const facts = response.facts.map(({ kind, afterMs }) => [RESPONSE_KINDS[kind].replace('RESPONSE_KIND_', '').toLowerCase(), afterMs]);
      const settled = response.watchedMs >= WATCHED_MS - 50 || facts.some(([fact]) => !NO_ANSWER.has(fact));
      return { target, down, quiet: response.quietBeforeMs, facts, settled };
    });
  }
}

/** What the page's Chromium does not have: paints attributed to presses. */
function withoutAttribution() {
  const { supportedEntryTypes } = PerformanceObserver;
  Object.defineProperty(PerformanceObserver, 'supportedEntryTypes', {
    get: () => supportedEntryTypes.filter((type) => type !== 'interaction-contentful-paint'),
  });
}

const DEVICES = {
  mouse: { viewport: { width: 800, height: 640 } },
  touch: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1 },
};

/** Where `#button` is, or `#track 0.7`, a place along it. */
async function pointOf(page, place) {
  const [, selector, along] = /^(.*?)(?: (0\.\d+))?$/.exec(place);
  const element = page.locator(selector).first();
  await element.scrollIntoViewIfNeeded({ timeout: WAIT_MS });
  const { x, y, width, height } = await element.boundingBox({ timeout: WAIT_MS });
  return [x + width * Number(along ?? 0.5), y + height / 2];
}

/** Presses these places in turn. */
async function press(page, { device, one }, places, times, paceMs) {
  const follows = one.places === 'moving' || one.lookFor === 'when shown';
  const points = follows ? [] : await Promise.all(places.map((place) => pointOf(page, place)));
  const began = Date.now();
  for (let n = 0; n < times; n++) {
    await pause(Math.max(0, began + n * paceMs - Date.now()));
    const [x, y] = follows ? await pointOf(page, places[n % places.length]) : points[n % points.length];
    if (device === 'touch') {
      await page.touchscreen.tap(x, y);
      continue;
    }
    if (n === 0 || follows || points.length > 1) await page.mouse.move(x, y);
    const clickCount = one.counted ? 1 + (n % (places.length > 1 ? 2 : times)) : 1;
    await page.mouse.down({ clickCount });
    await page.mouse.up({ clickCount });
  }
}

/** Drags one row to another with the mouse. */
async function drag(page, [from, to]) {
  const [start, end] = [await pointOf(page, from), await pointOf(page, to)];
  await page.mouse.move(...start);
  await page.mouse.down();
  await page.mouse.move(...end, { steps: 8 });
  await page.mouse.up();
}

/** Shows one widget under one condition and presses it: a burst, then once more. */
async function show(site, browser, run) {
  const { one, twin, device, noisy, attributed } = run;
  const path = site.page({ name: one.name, twin, noisy });
  // A context of its own is a window of its own: a tab behind another draws nothing.
  const context = await browser.newContext({ ...DEVICES[device], permissions: ['clipboard-read', 'clipboard-write'] });
  if (!attributed) await context.addInitScript(withoutAttribution);
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('dialog', (dialog) => dialog.accept().catch(() => {}));
  // Heard, it is not shown.
  page.on('filechooser', () => {});
  context.on('page', (other) => other !== page && other.close().catch(() => {}));
  try {
    await page.goto(site.address + path);
    await page.waitForFunction(() => window.mounted, undefined, { timeout: WAIT_MS });
    const before = noisy ? HABITS_MS : STILL_MS;
    await page.waitForFunction((ms) => performance.now() > window.mounted + ms, before);
    if (one.before && device === 'mouse') await drag(page, one.before);
    const places = [(twin && one.broken) || one.press].flat();
    await press(page, run, places, one.times, one.paceMs);
    await pause(APART_MS);
    await press(page, run, places.slice(0, 1), 1, 0);
    const end = Date.now() + WATCHED_MS + 1_500;
    for (;;) {
      await pause(100);
      const presses = site.presses(path);
      const whole = presses.length > one.times && presses.every(({ settled }) => settled);
      if (whole || Date.now() > end) return { ...run, path, faults, presses };
    }
  } catch (error) {
    return { ...run, path, faults, presses: [], broke: error };
  } finally {
    await context.close();
  }
}

/** What the scoring core makes of this page's batches: the signals that fired. */
async function judge(site, command, path) {
  const lines = site.of(path).map((batch) => JSON.stringify(Batch.toObject(batch, { enums: String, longs: String, bytes: String })));
  const child = spawn(command[0], [...command.slice(1), 'score', '-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(lines.join('\n'));
  const out = await text(child.stdout);
  return out.trim() ? JSON.parse(out).signals : [];
}

/** Runs all of these; gives each with the presses seen and the signals that fired, and tells each as soon as it is known. */
export async function runAll(runs, command, tell) {
  const site = await new Site().start();
  const browser = await launch('--autoplay-policy=no-user-gesture-required');
  try {
    const waiting = [...runs];
    const done = [];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let run; (run = waiting.shift()); ) {
          const shown = await show(site, browser, run);
          const judged = { ...shown, signals: await judge(site, command, shown.path) };
          done.push(judged);
          tell(judged);
        }
      }),
    );
    return done;
  } finally {
    await browser.close();
    site.stop();
  }
}

/** The program that scores, as whoever starts this names it. */
export function program() {
  const named = process.env.FURROW_COMMAND;
  assert.ok(named, 'FURROW_COMMAND is not set: `cargo test -p furrow-tests --test pages` sets it');
  return JSON.parse(named);
}
