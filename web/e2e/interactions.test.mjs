// Every kind of interaction that a browser can see, followed to the raw
// archive in ClickHouse; and the shop's own page and panel about them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { laps, shake, swipe, tilt, wheel } from './hands.mjs';
import { LOW, PHONE, Visitor, archived, byKind, watchRows } from './world.mjs';

/** What is told of a page arrives within this time, ms. */
const ARCHIVED_MS = 15_000;
const LOOK_MS = 250;

watchRows();

/** Waits until the archive holds these kinds; gives what it holds. */
async function holds(session, kinds) {
  const end = Date.now() + ARCHIVED_MS;
  for (;;) {
    const found = byKind(await archived(session));
    const missing = kinds.filter((kind) => !found[kind]);
    if (!missing.length) return found;
    if (Date.now() > end) assert.fail(`not archived: ${missing.join(', ')}; only ${Object.keys(found).join(', ')}`);
    await pause(LOOK_MS);
  }
}

describe('a visit by mouse', () => {
  let visitor;
  let found;

  before(async () => {
    visitor = await Visitor.enter('/workshop', LOW);
    const { page, devtools } = visitor;
    await laps(visitor, 1, 700);
    await wheel(visitor, [120, 120, -240], 400);
    await page.hover('#nav-deals');
    await pause(1_400);
    await page.click('#words', { clickCount: 3, delay: 20 });
    await page.keyboard.press('Control+C');
    await page.keyboard.press('Control+f');
    await page.pdf();
    await page.evaluate(() => {
      furrow.track('sown', { seeds: 12, inside: true, what: 'peas' });
      furrow.identify('gardener-7');
      furrow.exposure('letter', 'short');
      furrow.feedback('nps', 9);
      furrow.conversion({ orderId: 'TT-ARCHIVE', valueMinor: 900, currency: 'EUR' });
    });
    await devtools.send('Emulation.setFocusEmulationEnabled', { enabled: false });
    const { windowId } = await devtools.send('Browser.getWindowForTarget');
    for (const windowState of ['minimized', 'normal']) {
      await devtools.send('Browser.setWindowBounds', { windowId, bounds: { windowState } });
      await page.waitForFunction((wanted) => document.hasFocus() === wanted, windowState === 'normal', { polling: 50 });
    }
    await page.goto(new URL('/product?p=can', page.url()).href);
    await visitor.press('#slow');
    await page.locator('#delivery', { hasText: 'with you on' }).waitFor();
    await visitor.press('#error');
    await page.click('#tab-care');
    await page.goto(new URL('/deals', page.url()).href);
    await page.locator('#letter').waitFor();
    await visitor.look(2_500);
    await page.click('#letter-close');
    await page.goto(new URL('/checkout', page.url()).href);
    await page.click('#full-name');
    await page.keyboard.type('Noor', { delay: 20 });
    await page.keyboard.press('Backspace');
    await page.click('#email');
    await visitor.look(500);
    await page.click('#memory');
    const kinds = 'pageView pointerPath scrollPath hover press response textSelection copy find print custom identify exposure feedback conversion focus visibility problem navigation field obstruction sessionEnd';
    found = await holds(visitor.session, kinds.split(' '));
  });
  after(() => visitor?.leave());

  const archives = (kind, words, see) =>
    test(`${kind}: ${words}`, () => {
      assert.ok(found[kind].some(see), JSON.stringify(found[kind]));
    });

  archives('pageView', 'the workshop, with its size and times', ({ page, viewportWidth, documentHeight }) => page.path === '/workshop' && page.group === 'workshop' && viewportWidth === 1280 && documentHeight > 300);
  archives('pointerPath', 'samples in three columns', ({ pointer, dt, dx, dy }) => pointer === 1 && dt.length > 8 && dt.length === dx.length && dx.length === dy.length);
  archives('scrollPath', 'by the wheel', ({ cause, dy, viewportHeight }) => cause === 1 && dy.length >= 1 && viewportHeight > 0);
  archives('hover', 'on a link that is not pressed', ({ on, durationMs, pressedAfter }) => on?.endsWith('#nav-deals') && durationMs >= 1_000 && !pressedAfter);
  archives('press', 'with what the page did', ({ on, response }) => on?.endsWith('#slow') && response.watchedMs > 0);
  archives('response', 'what came later', ({ response }) => response.facts.some(({ kind, afterMs }) => kind === 3 && afterMs > 1_500));
  archives('textSelection', 'how much, not what', ({ on, length }) => on?.endsWith('#words') && length > 50);
  archives('copy', 'where', ({ on }) => on?.endsWith('#words'));
  archives('find', 'that it happened', () => true);
  archives('print', 'that it happened', () => true);
  archives('custom', 'a name and bounded attributes', ({ name, attributes }) => name === 'sown' && attributes.length === 3);
  archives('identify', "the site's own opaque id", ({ id }) => id === 'gardener-7');
  archives('exposure', 'the variant shown', ({ experiment, variant }) => experiment === 'letter' && variant === 'short');
  archives('feedback', 'the answer', ({ kind, answer }) => kind === 1 && answer === 9);
  archives('conversion', 'order, value, currency', ({ orderId, valueMinor, currency }) => orderId === 'TT-ARCHIVE' && Number(valueMinor) === 900 && currency === 'EUR');
  archives('focus', 'lost', ({ gained }) => !gained);
  archives('focus', 'gained again', ({ gained }) => gained);
  archives('visibility', 'the page was left', ({ visible }) => !visible);
  archives('problem', 'a failed request', ({ kind, status, origin }) => kind === 2 && status === 500 && origin === 'self');
  archives('navigation', 'within the page', ({ kind }) => kind === 4);
  archives('field', 'corrected, and never what was typed', ({ change, corrections }) => change === 2 && corrections === 1);
  archives('obstruction', 'a letter that nobody asked for', ({ shown, openedByVisitor, coveredMilli }) => shown && !openedByVisitor && coveredMilli >= 500);
  archives('sessionEnd', 'consent withdrawn', ({ cause }) => cause === 3);
});

describe('a visit by finger', () => {
  let visitor;
  let found;

  before(async () => {
    visitor = await Visitor.enter('/workshop', PHONE);
    const { devtools } = visitor;
    await visitor.turn(0);
    await visitor.turn(90);
    await visitor.turn(0);
    const strip = await visitor.middle('#strip');
    await swipe(visitor, [strip.x + 90, strip.y], [strip.x - 90, strip.y]);
    const { x, y } = await visitor.middle('#fine');
    await devtools.send('Input.synthesizePinchGesture', { x, y, scaleFactor: 1.6, relativeSpeed: 800 });
    await tilt(visitor, [0, 30, 60]);
    await shake(visitor);
    found = await holds(visitor.session, ['rotation', 'zoom', 'swipe', 'tiltPath', 'shake']);
  });
  after(() => visitor?.leave());

  test('rotation: from where to where, and that a film was in view', () => {
    const [turn] = found.rotation.filter(({ toDegrees }) => toDegrees === 90);
    assert.ok(turn.viewportWidth > turn.viewportHeight && turn.videoInView, JSON.stringify(found.rotation));
  });

  test('zoom: how far', () => {
    assert.ok(found.zoom.some(({ scaleBeforeMilli, scaleAfterMilli }) => scaleAfterMilli > 1.2 * scaleBeforeMilli), JSON.stringify(found.zoom));
  });

  test('swipe: from where to where, and that nothing answered', () => {
    assert.ok(found.swipe.some(({ on, dx, response }) => on?.includes('#strip') && dx < -100 && response.watchedMs >= 1_000), JSON.stringify(found.swipe));
  });

  test('tilt path: in three columns', () => {
    assert.ok(found.tiltPath.every(({ dt, dx, dy, dz }) => dt.length && dt.length === dx.length && dx.length === dy.length && dy.length === dz.length), JSON.stringify(found.tiltPath));
  });

  test('shake: how hard', () => {
    assert.equal(found.shake[0].peakMmS2, 25_000);
  });
});

describe('the shop', () => {
  test('its page of everything to try names every signal', async () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/scores.md'), 'utf8');
    const signals = text.slice(text.indexOf('## Signals'), text.indexOf('## Scores')).match(/^\| `(\w+)`/gm).map((row) => row.slice(3, -1));
    const visitor = await Visitor.enter('/try');
    const named = await visitor.page.locator('[data-signal]').evaluateAll((all) => all.map(({ dataset }) => dataset.signal));
    assert.deepEqual(named.sort(), signals.sort());
    await visitor.leave();
  });

  test('its panel shows what is sent, and a dead button stays dead beside it', { timeout: 60_000 }, async () => {
    const visitor = await Visitor.enter('/product?p=can');
    const { page } = visitor;
    await page.click('#hear');
    const panel = page.frameLocator('iframe.heard');
    await panel.locator('[data-kind="page view"]', { hasText: '/product' }).first().waitFor();
    await visitor.press('#dead', 5, 250);
    await panel.locator('[data-kind=press]', { hasText: /#dead: nothing within 1\d\d\d ms/ }).first().waitFor();
    const row = await visitor.shows('rage_press');
    assert.equal(row.signals.find(({ signal }) => signal === 'rage_press').presses, 5);
    visitor.cleanConsole();
    await visitor.leave();
  });
});
