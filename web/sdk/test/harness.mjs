// A gateway that records, a site that serves the shop and pages of the tests'
// own, and a Chromium: what every test here stands on.
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { launch } from '../../testbed/browser.mjs';
import { LocalServer } from '../../testbed/local-server.mjs';
import { acknowledge, Batch, Beacon, RESPONSE_KINDS } from '../../testbed/wire.mjs';

export { Batch };

const here = import.meta.dirname;
const FILES = [join(here, '../../shop/dist'), join(here, '../dist')];
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const WAIT_MS = 8_000;
/** Types of performance entries that the browser is made not to have, as older ones do not: the fall-back is tested so. */
export const WITHOUT = (process.env.FURROW_WITHOUT ?? '').split(',').filter(Boolean);
/** How long the shop's slow answer takes, as the shop's own server has it. */
const SLOW_MS = 1_800;

const short = (name) => name.replace('RESPONSE_KIND_', '').toLowerCase();

/** Records what a client sends; `says` is how it answers. */
class Gateway extends LocalServer {
  /** Every body that came by Publish, oldest first. */
  published = [];
  /** Every batch that came by beacon. */
  beaconed = [];
  keys = new Set();
  /** 'ok', 'down' (the connection breaks), 'portal' (a network answers with a page of its own) or a `{status, details}`. */
  says = 'ok';
  watchers = new Set();

  async answer(request, response) {
    response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
    response.setHeader('access-control-allow-headers', 'content-type,x-grpc-web,x-furrow-key');
    response.setHeader('access-control-expose-headers', 'grpc-status,grpc-message,grpc-status-details-bin');
    if (request.method === 'OPTIONS') return response.writeHead(204).end();
    const body = await buffer(request).catch(() => null);
    if (body === null) return;
    if (request.url === '/v1/beacon') {
      const beacon = Beacon.decode(body);
      this.beaconed.push(...beacon.batches.map((bytes) => Buffer.from(bytes)));
      this.keys.add(beacon.writeKey);
      response.writeHead(204).end();
    } else if (request.url === '/furrow.v1.IngestService/Publish') {
      this.keys.add(request.headers['x-furrow-key']);
      const bytes = body.subarray(5);
      const attempt = { bytes, at: performance.now(), type: request.headers['content-type'], accepted: this.says === 'ok' };
      this.published.push(attempt);
      if (this.says === 'down') request.socket.destroy();
      else if (this.says === 'portal') response.setHeader('content-type', 'text/html').end('<h1>Welcome! Please log in.</h1>');
      else this.reply(response);
    } else {
      response.writeHead(404).end();
    }
    for (const wake of this.watchers) wake();
  }

  reply(response) {
    if (this.says === 'ok') return acknowledge(response);
    const { status, details } = this.says;
    response.setHeader('content-type', 'application/grpc-web+proto').setHeader('grpc-status', status);
    if (details) response.setHeader('grpc-status-details-bin', details);
    response.end();
  }

  /** Batches that were answered with OK, each once, decoded, in order. */
  get batches() {
    return this.published.filter(({ accepted }) => accepted).map(({ bytes }) => Batch.decode(bytes));
  }

  /** All interactions with absolute times, targets put in place. */
  get interactions() {
    return this.batches.flatMap(interactionsOf);
  }

  of(kind) {
    return this.interactions.filter((one) => one.kind === kind).map((one) => ({ at: one.at, ...one.value }));
  }

  /** Problems but for long tasks, which a busy machine brings about by itself. */
  get failures() {
    return this.of('problem').filter(({ kind }) => kind !== 4);
  }

  /** Presses by number, each with the facts of its last word. */
  get presses() {
    const found = this.of('press');
    for (const { press, response } of this.of('response')) {
      const whole = found.find(({ number }) => number === press);
      if (whole) whole.response = response;
    }
    return found.map((press) => ({ ...press, facts: factsOf(press.response) }));
  }

  /** Waits until `see` returns something, woken by each arrival. */
  async until(what, see) {
    const limit = Date.now() + WAIT_MS;
    for (;;) {
      const seen = see(this);
      if (seen) return seen;
      const left = limit - Date.now();
      if (left <= 0) throw new Error(`not seen within ${WAIT_MS} ms: ${what}\n${this.story}`);
      await new Promise((wake) => {
        const timer = setTimeout(done, left);
        const { watchers } = this;
        function done() {
          clearTimeout(timer);
          watchers.delete(done);
          wake();
        }
        watchers.add(done);
      });
    }
  }

  /** What came, for a failing test's message. */
  get story() {
    return this.interactions.map(({ kind, at, value }) => `${at} ${kind} ${JSON.stringify(value)}`).join('\n');
  }
}

export function interactionsOf(batch) {
  let at = Number(batch.originMs);
  return batch.interactions.map((interaction) => {
    at += interaction.dtMs;
    const kind = Object.keys(interaction).find((key) => key !== 'dtMs');
    const value = { ...interaction[kind] };
    // A hover always has one; zero is left out as every default is.
    if (kind === 'hover') value.target ??= 0;
    if (value.target !== undefined) value.target = batch.targets[value.target];
    return { kind, at, value, page: batch.page };
  });
}

export const factsOf = (response) =>
  Object.fromEntries(response.facts.map(({ kind, afterMs }) => [short(RESPONSE_KINDS[kind]), afterMs]));

/** The shop, and whatever pages a test puts beside it. */
class Site extends LocalServer {
  pages = new Map();

  constructor(gateway) {
    super();
    this.gateway = gateway;
  }

  async answer(request, response) {
    const { pathname } = new URL(request.url, 'http://site');
    if (pathname === '/shop/api/error') return response.writeHead(500, { 'content-type': 'application/json' }).end('{}');
    if (pathname === '/shop/api/slow') {
      await pause(SLOW_MS);
      return response.end('{}');
    }
    if (pathname.startsWith('/shop/api/')) return response.end('{}');
    const own = this.pages.get(pathname);
    if (own !== undefined) return response.writeHead(200, { 'content-type': 'text/html' }).end(own);
    const name = pathname === '/' ? '/index.html' : extname(pathname) ? pathname : `${pathname}.html`;
    for (const folder of FILES) {
      try {
        const type = TYPES[extname(name)] ?? 'application/octet-stream';
        let content = readFileSync(join(folder, name));
        if (type === 'text/html') content = content.toString().replace('http://127.0.0.1:7117', this.gateway.address);
        return response.writeHead(200, { 'content-type': type }).end(content);
      } catch {
        // The next folder may have it.
      }
    }
    response.writeHead(404).end();
  }
}

let browser;
export async function openBrowser() {
  browser ??= await launch();
  return browser;
}
export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}

/**
 * Runs `act` with a page, a gateway and the site. `html` is a page of the
 * test's own, with the SDK in it; otherwise `path` of the shop is opened.
 */
export async function visit({ path = '/product?p=can', html, context: options = {}, init = {} }, act) {
  const gateway = await new Gateway().start();
  const site = await new Site(gateway).start();
  const settings = { endpoint: gateway.address, key: 'furrow-demo', ...init };
  if (html !== undefined) {
    site.pages.set(
      '/page',
      `<!doctype html><meta name="viewport" content="width=device-width"><title>t</title><script src="/furrow.iife.js"></script>
       <script>furrow.init(${JSON.stringify(settings)})</script><body>${html}`,
    );
    path = '/page';
  }
  const context = await (await openBrowser()).newContext({ viewport: { width: 1280, height: 800 }, ...options });
  await context.addInitScript((without) => {
    const types = PerformanceObserver.supportedEntryTypes.filter((type) => !without.includes(type));
    Object.defineProperty(PerformanceObserver, 'supportedEntryTypes', { get: () => types });
  }, WITHOUT);
  const page = await context.newPage();
  try {
    await page.goto(site.address + path, { waitUntil: 'load' });
    return await act({ page, gateway, site, context });
  } finally {
    await context.close();
    gateway.stop();
    site.stop();
  }
}

/** Presses an element `times` times at a steady pace. */
export async function pressRepeatedly(page, selector, times, paceMs) {
  const box = await page.locator(selector).boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (let i = 0; i < times; i++) {
    const next = pause(paceMs);
    await page.mouse.down();
    await page.mouse.up();
    await next;
  }
}

/** Whether a press's facts prove an answer, by the strengths the SDK documents. */
export const answered = ({ facts }) =>
  Object.keys(facts).some((kind) => !['mutation_moving', 'mutation_inside_passing', 'error', 'analytics'].includes(kind));
