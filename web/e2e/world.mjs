// What every test here stands on: a Chromium with visitors in it, the rows in
// ClickHouse, the dashboard, and how long things took to get there.
//
// The pipeline is started by whoever starts the test and named in the
// environment: FURROW_SHOP, FURROW_DASHBOARD, and FURROW_COMMAND, the program
// and its first arguments, as JSON, that `sql QUERY` is added to.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before } from 'node:test';
import { promisify } from 'node:util';
import { launch } from '../testbed/browser.mjs';
import { Batch } from '../testbed/wire.mjs';

const run = promisify(execFile);

/** Whatever hangs, whoever started this is not kept longer. */
const ALL_MS_MAX = 240_000;
setTimeout(() => {
  console.error(`not done within ${ALL_MS_MAX} ms`);
  process.exit(1);
}, ALL_MS_MAX).unref();
/** How long anything may take that is not measured. */
export const WAIT_MS = 15_000;
/** Without this much time and five interactions a session is not scored. */
const EVIDENCE_MS = 3_000;
/** The SDK's last word about a press comes this long after pointer-down; then all is told. */
const WATCHED_MS = 3_300;
/** Signals of attention: they speak of nothing that went wrong. */
const ATTENTION = new Set(['reading', 'steady_scroll', 'content_use', 'video_rotation']);
/** Between two looks at the rows. */
const LOOK_MS = 60;
const DESKTOP = { viewport: { width: 1280, height: 900 } };
/** A window so low that every page is longer. */
export const LOW = { viewport: { width: 1280, height: 480 } };
export const PHONE = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 2,
  userAgent: 'Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/151.0.0.0 Mobile Safari/537.36',
};

const named = (variable) => {
  const value = process.env[variable];
  assert.ok(value, `${variable} is not set: \`cargo test -p furrow-tests --test chromium\` sets it`);
  return value;
};
export const SHOP = named('FURROW_SHOP').replace(/\/$/, '');
const DASHBOARD = named('FURROW_DASHBOARD');
const [PROGRAM, ...ARGUMENTS] = JSON.parse(named('FURROW_COMMAND'));

let browser;
export async function openBrowser() {
  browser = await launch();
}
export async function closeBrowser() {
  await browser?.close();
}

/** Waits until `see` gives something; the failure says what was there instead. */
async function until(what, see, story, boundMs = WAIT_MS, lookMs = 25) {
  const end = Date.now() + boundMs;
  for (;;) {
    const seen = await see();
    if (seen) return seen;
    if (Date.now() > end) assert.fail(`not within ${boundMs} ms: ${what}\n${await story()}`);
    await pause(lookMs);
  }
}

/** Rows as ClickHouse gives them to anybody, through `furrow sql`. */
export async function sql(query) {
  const { stdout } = await run(PROGRAM, [...ARGUMENTS, 'sql', query, '--format', 'JSONEachRow'], { maxBuffer: 16 << 20 });
  return stdout.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** A session's batches as the raw archive keeps them, decoded, in the order of their senders. */
export async function archived(session) {
  const found = await sql(`SELECT base64Encode(payload) AS bytes FROM v_batches WHERE session = '${session}' ORDER BY sender, sequence`);
  return found.map(({ bytes }) => Batch.decode(Buffer.from(bytes, 'base64')));
}

/** A batch by its sender and number. */
export const nameOf = ({ senderId, sequence }) => `${Buffer.from(senderId).toString('hex')} ${sequence}`;

/** Interactions by kind, each with what it says and its target, if it has one. */
export function byKind(batches) {
  const kinds = {};
  for (const { interactions, targets } of batches) {
    for (const interaction of interactions) {
      const kind = Object.keys(interaction).find((key) => key !== 'dtMs');
      const value = interaction[kind];
      (kinds[kind] ??= []).push({ ...value, on: targets[value.target]?.selector });
    }
  }
  return kinds;
}

/** A session's row with its signals, and when ClickHouse was asked. */
const SESSIONS = (ids) => `
  SELECT toUnixTimestamp64Milli(now64(3)) AS asked_ms, toString(s.session) AS session, scored, frustration, technical, contributors, batches, gaps, interactions, samples, presses,
         toUnixTimestamp64Milli(last_interaction) AS last_ms, s.signals AS signals_counted, g.signals AS signals
  FROM v_sessions AS s
  LEFT JOIN (
    SELECT session, groupArray(CAST((signal, selector, label, path, evidence_count, duration_ms, intensity, reason),
      'Tuple(signal String, selector String, label String, path String, presses UInt32, duration_ms UInt32, intensity Float64, reason String)')) AS signals
    FROM v_signals WHERE session IN (${ids}) GROUP BY session
  ) AS g ON g.session = s.session
  WHERE s.session IN (${ids})`;

/** Looks at the rows of all visitors again and again, one query for all of them. */
class Rows {
  /** Whose. */
  wanted = new Set();
  rows = new Map();
  /** When a query was asked that showed a signal and frustration in a session's row, by `id signal`. */
  since = new Map();

  start() {
    this.going = true;
    this.looking = this.look();
  }

  async stop() {
    this.going = false;
    await this.looking;
  }

  async look() {
    while (this.going) {
      const ids = [...this.wanted].map((id) => `'${id}'`).join();
      // While the pipeline is away there is nothing to see.
      const found = ids ? await sql(SESSIONS(ids)).catch(() => []) : [];
      for (const row of found) {
        this.rows.set(row.session, row);
        for (const { signal } of row.signals) {
          const name = `${row.session} ${signal}`;
          if (row.frustration > 0 && !this.since.has(name)) this.since.set(name, Number(row.asked_ms));
        }
      }
      await pause(LOOK_MS);
    }
  }

  until(id, what, see, boundMs = WAIT_MS) {
    const story = () => `the row: ${JSON.stringify(this.rows.get(id), null, 1)}`;
    return until(what, () => (this.rows.has(id) ? see(this.rows.get(id)) : null), story, boundMs);
  }
}

export const rows = new Rows();

/** The file's tests have a browser, and the rows are looked at. */
export function watchRows() {
  before(async () => {
    await openBrowser();
    rows.start();
  });
  after(async () => {
    await rows.stop();
    await closeBrowser();
  });
}

/** Writes down in the page when a session's row first shows frustration and a reason for it. */
function watchList() {
  const since = (window.since = {});
  const look = () => {
    for (const row of document.querySelectorAll('[data-testid=session-row]')) {
      if (!(Number(row.querySelector('[data-testid=frustration]')?.textContent) > 0)) continue;
      for (const reason of row.querySelectorAll('[data-testid=contributor]')) {
        since[`${row.dataset.session} ${reason.textContent.replace(/ ×\d+$/, '')}`] ??= { at: Date.now(), text: reason.title };
      }
    }
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}

/** The same on a session's own page, for its list of signals. */
function watchSession() {
  const since = (window.since = {});
  const look = () => {
    if (!(Number(document.querySelector('[data-testid=frustration]')?.textContent) > 0)) return;
    for (const item of document.querySelectorAll('[data-testid=signal]')) {
      since[item.querySelector('.kind').textContent] ??= { at: Date.now(), text: item.textContent };
    }
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}

/** What went wrong on a page, by its own console. */
function faultsOf(page) {
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  return faults;
}

/** A page of the dashboard that watches itself. */
export class Dashboard {
  static async open(path = '') {
    const context = await browser.newContext(DESKTOP);
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    const faults = faultsOf(page);
    await page.goto(DASHBOARD + path);
    await page.locator('[data-testid="link"][data-link="live"]').waitFor();
    await page.evaluate(path ? watchSession : watchList);
    return Object.assign(new Dashboard(), { context, page, faults });
  }

  /** Waits for what it has written down under this name: `{ at, text }`. */
  since(name) {
    return until(
      `the dashboard shows ${name}`,
      () => this.page.evaluate((wanted) => window.since[wanted], name),
      async () => `it shows: ${await this.page.locator('main, body').first().innerText()}`,
    );
  }

  async close() {
    await this.context.close();
    assert.deepEqual(this.faults, [], 'the console of the dashboard');
  }
}

let list;
export const openList = async () => {
  list = await Dashboard.open();
};
export const closeList = () => list?.close();

/** Someone in the shop. */
export class Visitor {
  faults = [];

  static async enter(path = '/product?p=can', options = DESKTOP) {
    const visitor = new Visitor();
    visitor.touches = options.hasTouch === true;
    visitor.context = await browser.newContext(options);
    visitor.page = await visitor.context.newPage();
    visitor.devtools = await visitor.context.newCDPSession(visitor.page);
    visitor.page.setDefaultTimeout(WAIT_MS);
    visitor.faults = faultsOf(visitor.page);
    /** The bodies of all attempts to send, each batch as often as it was tried. */
    visitor.bodies = [];
    visitor.page.on('request', (request) => {
      if (request.url().endsWith('/Publish')) visitor.bodies.push(request.postDataBuffer().toString('base64'));
    });
    await visitor.page.addInitScript(() => {
      window.downs = [];
      addEventListener('pointerdown', (event) => window.downs.push(performance.timeOrigin + event.timeStamp), true);
    });
    await visitor.page.goto(new URL(path, SHOP).href, { waitUntil: 'load' });
    const session = await visitor.page.evaluate(() => JSON.parse(localStorage.getItem('furrow')).session);
    visitor.session = session.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
    visitor.entered = Date.now();
    rows.wanted.add(visitor.session);
    return visitor;
  }

  async leave() {
    rows.wanted.delete(this.session);
    await this.context.close();
  }

  /** The names of this session's batches that the page has tried to send so far. */
  get sent() {
    const batches = this.bodies.map((body) => Batch.decode(Buffer.from(body, 'base64').subarray(5)));
    const own = batches.filter(({ sessionId }) => Buffer.from(sessionId).toString('hex') === this.session.replaceAll('-', ''));
    return [...new Set(own.map(nameOf))].sort();
  }

  /** Moves the mouse about or scrolls, as readers do, for as long as said; else until there is evidence enough to score. */
  async look(forMs = this.entered + EVIDENCE_MS + 300 - Date.now()) {
    const { page } = this;
    const end = Date.now() + forMs;
    for (let step = 0; Date.now() < end; step++) {
      if (this.touches) await page.evaluate((y) => scrollTo(0, y), 300 + 60 * (step % 3));
      else await page.mouse.move(620 + 90 * Math.cos(step / 4), 40 + 16 * Math.sin(step / 3));
      await pause(Math.min(90, Math.max(0, end - Date.now())));
    }
  }

  /** Turns the phone; gives the time at which the page knew. */
  async turn(angle) {
    const { width, height } = PHONE.viewport;
    const [w, h] = angle ? [height, width] : [width, height];
    await this.devtools.send('Emulation.setDeviceMetricsOverride', {
      width: w,
      height: h,
      deviceScaleFactor: 2,
      mobile: true,
      screenWidth: w,
      screenHeight: h,
      screenOrientation: { type: angle ? 'landscapePrimary' : 'portraitPrimary', angle },
    });
    await this.page.waitForFunction((wanted) => screen.orientation.angle === wanted, angle);
    return Date.now();
  }

  /** The middle of an element. */
  async middle(selector) {
    const element = this.page.locator(selector);
    await element.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await element.boundingBox();
    return { x: x + width / 2, y: y + height / 2 };
  }

  /** Presses an element so often at this pace; says when the pointer went down, ms since 1970. */
  async press(selector, times = 1, paceMs = 0) {
    const { x, y } = await this.middle(selector);
    return this.pressAt(Array(times).fill({ x, y }), paceMs);
  }

  /** Presses one place after the other; `counted` lets the browser count double and triple clicks. */
  async pressAt(places, paceMs, counted = false) {
    const { mouse, touchscreen } = this.page;
    if (!this.touches) await mouse.move(places[0].x, places[0].y, { steps: 4 });
    await pause(120);
    await this.page.evaluate(() => (window.downs.length = 0));
    const began = Date.now();
    for (const [i, { x, y }] of places.entries()) {
      await pause(Math.max(0, began + i * paceMs - Date.now()));
      if (this.touches) {
        await touchscreen.tap(x, y);
        continue;
      }
      await mouse.move(x, y);
      await mouse.down({ clickCount: counted ? i + 1 : 1 });
      await mouse.up({ clickCount: counted ? i + 1 : 1 });
    }
    const downs = await this.page.evaluate(() => window.downs);
    assert.equal(downs.length, places.length, 'the page saw each press');
    return downs;
  }

  /**
   * Waits until everything up to now has been judged; gives the row and the names of its signals. What tells of
   * attention is left out: whoever waits here moves as readers do.
   */
  async judged() {
    await this.look(WATCHED_MS);
    const end = Date.now();
    await this.look(400);
    const row = await rows.until(
      this.session,
      'the row says everything that was done',
      (row) => row.last_ms >= end && row.signals.length === row.signals_counted && row,
    );
    const signals = row.signals.filter(({ signal }) => !ATTENTION.has(signal));
    return { row: { ...row, signals }, signals: signals.map(({ signal }) => signal).sort() };
  }

  /** The row, once it shows a signal. */
  shows(signal, fits = () => true) {
    return rows.until(
      this.session,
      `the rows show ${signal}`,
      (row) => row.signals.some((one) => one.signal === signal && fits(one)) && row,
    );
  }

  cleanConsole() {
    assert.deepEqual(this.faults, [], 'the console of the shop');
  }
}

/** What was measured, for the table at the end. */
const measured = [];
export function printMeasured() {
  if (!measured.length) return;
  const width = Math.max(...measured.map(({ what }) => what.length));
  console.log(`\n${'ms from the moment at which it could be known'.padEnd(width)}  ClickHouse  dashboard`);
  for (const { what, store, page } of measured) {
    console.log(`${what.padEnd(width)}  ${String(store).padStart(10)}  ${String(page).padStart(9)}`);
  }
}

/**
 * How long after `knowable` a signal stood with frustration in ClickHouse and
 * on the dashboard's list: measured, and held to `boundMs` where one is given.
 */
export async function arrives(visitor, what, signal, knowable, boundMs = null) {
  const words = signal.replaceAll('_', ' ');
  const onList = await list.since(`${visitor.session} ${words}`);
  const name = `${visitor.session} ${signal}`;
  const inStore = await rows.until(visitor.session, `the rows show frustration and ${signal}`, () => rows.since.get(name));
  const store = Math.round(inStore - knowable);
  const page = Math.round(onList.at - knowable);
  measured.push({ what, store, page });
  if (boundMs !== null) {
    assert.ok(store <= boundMs, `${what}: in ClickHouse ${store} ms after it could be known, not within ${boundMs} ms`);
    assert.ok(page <= boundMs, `${what}: on the dashboard ${page} ms after it could be known, not within ${boundMs} ms`);
  }
  return { row: rows.rows.get(visitor.session), text: onList.text };
}
