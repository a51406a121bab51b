// Nothing is lost on the way: hidden pages, a gateway that is away or busy.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import protobuf from 'protobufjs';
import { closeBrowser, interactionsOf, Batch, visit } from './harness.mjs';

after(closeBrowser);

/** Hides the page as a closed tab would, and shows it again. */
const setHidden = (page, hidden) =>
  page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden ? 'hidden' : 'visible');

/** In the page: so many events of a kilobyte each. */
function trackMuch(events) {
  const attributes = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`name-${i}-${'x'.repeat(30)}`, 'y'.repeat(80)]));
  for (let i = 0; i < events; i++) furrow.track(`event-${i}`, attributes);
}

test('hiding the page sends what waits as a beacon, and the same bytes again when it comes back', () =>
  visit({}, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    gateway.says = 'down';
    await page.click('#dead');
    await setHidden(page, true);
    const beaconed = await gateway.until('the beacon', (g) => g.beaconed.length && [...g.beaconed]);
    const kinds = beaconed.flatMap((bytes) => interactionsOf(Batch.decode(bytes))).map(({ kind }) => kind);
    assert.ok(kinds.includes('press'), 'a press under watch is told before the page goes');
    assert.ok(kinds.includes('visibility'));
    gateway.says = 'ok';
    await setHidden(page, false);
    await gateway.until('all of them again', (g) =>
      beaconed.every((bytes) => g.published.some((one) => one.accepted && one.bytes.equals(bytes))),
    );
    assert.deepEqual([...gateway.keys], ['furrow-demo']);
  }));

test('what a hidden page still sees leaves with it', () =>
  visit({}, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    gateway.says = 'down';
    await setHidden(page, true);
    await gateway.until('the beacon', (g) => g.beaconed.length);
    await page.evaluate(() => furrow.track('unseen'));
    await page.goto('about:blank');
    const kinds = (g) => g.beaconed.flatMap((bytes) => interactionsOf(Batch.decode(bytes))).map(({ kind }) => kind);
    await gateway.until('what was seen last', (g) => kinds(g).includes('custom'));
  }));

test('a page that stays hidden goes on sending', () =>
  visit({}, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    await setHidden(page, true);
    await page.evaluate(() => furrow.conversion({ orderId: 'hidden' }));
    await gateway.until('the conversion', (g) => g.of('conversion').length);
  }));

test('while the gateway is away the same bytes are sent until it is back, in order', () =>
  visit({}, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    gateway.says = 'down';
    const before = gateway.published.length;
    await page.click('#toggle');
    await page.click('#stepper-plus');
    await gateway.until('three attempts', (g) => g.published.length >= before + 3);
    const attempts = gateway.published.slice(before);
    for (const { bytes } of attempts) assert.ok(bytes.equals(attempts[0].bytes), 'one batch at a time, unchanged');
    gateway.says = 'ok';
    await gateway.until('both presses', (g) => g.presses.length === 2);
    const { batches } = gateway;
    assert.deepEqual(batches.map(({ sequence }) => sequence), batches.map((_, i) => i));
    assert.ok(gateway.published.find((one) => one.accepted && one.bytes.equals(attempts[0].bytes)));
  }));

test('a busy gateway says when to come back, and the client waits for it', () =>
  visit({}, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    const root = protobuf.parse(`syntax = "proto3"; package google.rpc;
      message Any { string type_url = 1; bytes value = 2; }
      message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
      message Duration { int64 seconds = 1; int32 nanos = 2; }
      message RetryInfo { Duration retry_delay = 1; }`).root;
    const encode = (name, value) => root.lookupType(`google.rpc.${name}`).encode(value).finish();
    const details = encode('Status', {
      code: 8,
      details: [{ typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value: encode('RetryInfo', { retryDelay: { seconds: 1, nanos: 500000000 } }) }],
    });
    gateway.says = { status: 8, details: Buffer.from(details).toString('base64').replace(/=+$/, '') };
    await page.click('#toggle');
    const [refused] = await gateway.until('the refusal', (g) => g.published.filter(({ accepted }) => !accepted).slice(0, 1)[0] && g.published.filter(({ accepted }) => !accepted));
    gateway.says = 'ok';
    const again = await gateway.until('the same bytes', (g) => g.published.find((one) => one.accepted && one.bytes.equals(refused.bytes)));
    assert.ok(again.at - refused.at >= 1_500, `${again.at - refused.at} ms`);
  }));

test('a gateway that wants to be left alone for long is', () =>
  visit({}, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    await page.evaluate(() => {
      window.waits = [];
      const real = setTimeout;
      window.setTimeout = (act, ms, ...args) => (window.waits.push(ms), real(act, ms, ...args));
    });
    // A `google.rpc.Status` with a `RetryInfo` of 1,800 s.
    const any = Buffer.concat([Buffer.from('\n(type.googleapis.com/google.rpc.RetryInfo\x12\x05\n\x03\x08'), Buffer.from([0x88, 0x0e])]);
    const details = Buffer.concat([Buffer.from([0x08, 8, 0x1a, any.length]), any]);
    gateway.says = { status: 8, details: details.toString('base64') };
    await page.click('#toggle');
    await page.waitForFunction(() => window.waits.some((ms) => ms >= 1_800_000 && ms < 1_900_000));
  }));

test('what waits for a gateway that is away is bounded, and leaves as soon as the browser is online', () =>
  visit({ html: '<p>much</p>' }, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    gateway.says = 'down';
    await page.evaluate(trackMuch, 3_000);
    await gateway.until('an attempt', (g) => g.published.some(({ accepted }) => !accepted));
    gateway.says = 'ok';
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await gateway.until('room again', (g) => g.published.filter(({ accepted }) => accepted).length > 5);
    await page.evaluate(() => furrow.track('over'));
    await gateway.until('all of it', (g) => g.of('custom').some(({ name }) => name === 'over'));
    const bytes = gateway.published.filter(({ accepted }) => accepted).reduce((sum, one) => sum + one.bytes.length, 0);
    assert.ok(bytes > 900_000 && bytes < 1_200_000, `${bytes} bytes`);
    const names = gateway.of('custom').map(({ name }) => name);
    assert.deepEqual(names.slice(0, -1), names.slice(0, -1).map((_, i) => `event-${i}`), 'the first of them, in order');
  }));

test('a batch that is refused for good is not sent again, a refused key ends it all', () =>
  visit({}, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    gateway.says = { status: 3 };
    await page.click('#toggle');
    const [refused] = await gateway.until('the refusal', (g) => g.published.some(({ accepted }) => !accepted) && g.published.filter(({ accepted }) => !accepted));
    gateway.says = 'ok';
    await page.click('#stepper-plus');
    await gateway.until('the next batch', (g) => g.presses.length);
    assert.equal(gateway.published.filter(({ bytes }) => bytes.equals(refused.bytes)).length, 1);
    gateway.says = { status: 16 };
    await page.click('#stepper-plus');
    const count = await gateway.until('the refused key', (g) => !g.published.at(-1).accepted && g.published.length);
    gateway.says = 'ok';
    await page.click('#carousel-next');
    await page.evaluate(() => furrow.conversion({ orderId: 'x' }));
    await page.goto('about:blank');
    assert.equal(gateway.published.length, count);
    assert.deepEqual(gateway.beaconed, []);
  }));

test('a network that answers in the gateway\'s place is not believed', () =>
  visit({}, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    gateway.says = 'portal';
    await page.click('#toggle');
    const [refused] = await gateway.until('an attempt', (g) => g.published.some(({ accepted }) => !accepted) && g.published.filter(({ accepted }) => !accepted));
    gateway.says = 'ok';
    await gateway.until('the same bytes again', (g) => g.published.some((one) => one.accepted && one.bytes.equals(refused.bytes)));
  }));

test('with consent, what was not acknowledged is sent by the tab\'s next page, unchanged', () =>
  visit({ html: '<button id="b">A</button>', init: { consent: true } }, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    gateway.says = 'down';
    const before = gateway.published.length;
    await page.click('#b');
    await page.evaluate(() => furrow.conversion({ orderId: 'kept' }));
    const [first] = await gateway.until('an attempt', (g) => g.published.slice(before).length && g.published.slice(before));
    await page.reload();
    gateway.says = 'ok';
    await gateway.until('the same bytes', (g) => g.published.some((one) => one.accepted && one.bytes.equals(first.bytes)));
    await gateway.until('the conversion', (g) => g.of('conversion').some(({ orderId }) => orderId === 'kept'));
    const senders = (g) => new Set(g.batches.map(({ senderId }) => Buffer.from(senderId).toString('hex')));
    await gateway.until('the new page as a sender of its own', (g) => senders(g).size === 2);
  }));

test('a beacon keeps below its limit, and what it left out comes later', () =>
  visit({ html: '<p>much</p>' }, async ({ page, gateway }) => {
    await gateway.until('the page view', (g) => g.batches.length);
    gateway.says = 'down';
    await page.evaluate(trackMuch, 120);
    await setHidden(page, true);
    const beaconed = await gateway.until('the beacon', (g) => g.beaconed.length && [...g.beaconed]);
    assert.ok(beaconed.reduce((sum, { length }) => sum + length, 0) <= 60 * 1024);
    gateway.says = 'ok';
    await setHidden(page, false);
    await gateway.until('all of it', (g) => g.of('custom').length === 120);
  }));

test('tabs of one site share a session and a visitor, each with a sender of its own', () =>
  visit({ html: '<button>A</button>', init: { consent: true } }, async ({ page, gateway, context }) => {
    await gateway.until('the first tab', (g) => g.batches.length === 1);
    const other = await context.newPage();
    await other.goto(page.url());
    const batches = await gateway.until('the second tab', (g) => g.of('pageView').length === 2 && g.batches);
    const ids = (name) => new Set(batches.map((batch) => Buffer.from(batch[name]).toString('hex'))).size;
    assert.deepEqual([ids('sessionId'), ids('visitorId'), ids('senderId')], [1, 1, 2]);
  }));
