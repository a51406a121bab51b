// Where the pointer goes, how the page is scrolled, how the device is held.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { closeBrowser, visit } from './harness.mjs';

after(closeBrowser);

const sum = (column) => column.reduce((total, step) => total + step, 0);

/** The absolute positions of a path's samples. */
function positions({ startX = 0, startY = 0, dx, dy }) {
  const found = [[startX, startY]];
  dx.forEach((step, i) => found.push([found[i][0] + step, found[i][1] + dy[i]]));
  return found;
}

test('a pointer path holds where the pointer was, at most sixty times a second', () =>
  visit({}, async ({ page, gateway }) => {
    for (let i = 0; i <= 60; i++) await page.mouse.move(100 + 8 * i, 700 - 5 * i);
    await page.mouse.click(580, 400);
    const paths = await gateway.until('the press after the path', (g) => g.of('press').length && g.of('pointerPath'));
    assert.ok(paths.length >= 1);
    for (const { dt, dx, dy, pointer, at } of paths) {
      assert.equal(pointer, 1);
      assert.equal(dx.length, dt.length);
      assert.equal(dy.length, dt.length);
      assert.ok(dt.every((step) => step >= 15), `${dt}`);
      assert.ok(at > 0);
    }
    const all = paths.flatMap(positions);
    assert.ok(all.length > 5);
    // The way was straight: from (100, 700), 5 px up for each 8 px to the right.
    for (const [x, y] of all) assert.ok(Math.abs((x - 100) * 5 - (700 - y) * 8) <= 13, `${x},${y}`);
  }));

test('steady movement leaves in batches of sixty samples', () =>
  visit({ html: '' }, async ({ page, gateway }) => {
    for (let i = 0; i < 260; i++) {
      const next = pause(16);
      await page.mouse.move(100 + 3 * i, 300 + (i % 7));
      await next;
    }
    const sizes = await gateway.until('the batches', (g) => {
      const samples = ({ interactions }) => interactions.reduce((sum, { pointerPath }) => sum + (pointerPath ? pointerPath.dt.length + 1 : 0), 0);
      const all = g.batches.map(samples).filter(Boolean);
      return all.length > 2 && all;
    });
    for (const size of sizes) assert.ok(size <= 80, `${sizes}`);
    assert.ok(sizes.some((size) => size >= 55), `${sizes}`);
  }));

test('times within a batch never run backwards, and batches follow one another', () =>
  visit({}, async ({ page, gateway }) => {
    for (let i = 0; i < 40; i++) await page.mouse.move(100 + 7 * i, 300 + (i % 5) * 20);
    await page.click('#stepper-plus');
    await page.click('#toggle');
    for (let i = 0; i < 40; i++) await page.mouse.move(100 + 7 * i, 400);
    await gateway.until('both presses', (g) => g.presses.length === 2);
    const { batches, interactions } = gateway;
    assert.deepEqual(batches.map(({ sequence }) => sequence), batches.map((_, i) => i));
    assert.equal(new Set(batches.map(({ senderId }) => Buffer.from(senderId).toString('hex'))).size, 1);
    for (let i = 1; i < interactions.length; i++) assert.ok(interactions[i].at >= interactions[i - 1].at - 1);
    for (const { originMs, sentMs, device } of batches) assert.ok(Number(sentMs) >= Number(originMs));
    assert.ok(batches[0].device && batches.slice(1).every(({ device }) => !device));
    assert.ok(Math.abs(interactions[0].at - Date.now()) < 60_000);
  }));

test('a scroll path tells how far, in what, and that it was the wheel', () =>
  visit({ path: '/' }, async ({ page, gateway }) => {
    await page.mouse.move(400, 400);
    for (let i = 0; i < 5; i++) await page.mouse.wheel(0, 150);
    await page.waitForFunction(() => scrollY === 750);
    const seen = await gateway.until('the scroll to its end', (g) => {
      const paths = g.of('scrollPath');
      const end = paths.at(-1);
      return end && (end.startY ?? 0) + sum(end.dy) === 750 && paths;
    });
    for (const { cause, viewportHeight, documentHeight } of seen) {
      assert.equal(cause, 1);
      assert.equal(viewportHeight, 800);
      assert.ok(documentHeight > 1_000);
    }
  }));

test('turning a phone tells the angles and the viewport after', () =>
  visit({ context: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } }, async ({ page, gateway, context }) => {
    const devtools = await context.newCDPSession(page);
    const turn = (landscape) =>
      devtools.send('Emulation.setDeviceMetricsOverride', {
        width: landscape ? 844 : 390,
        height: landscape ? 390 : 844,
        deviceScaleFactor: 2,
        mobile: true,
        screenWidth: landscape ? 844 : 390,
        screenHeight: landscape ? 390 : 844,
        screenOrientation: landscape ? { type: 'landscapePrimary', angle: 90 } : { type: 'portraitPrimary', angle: 0 },
      });
    await turn(false);
    await page.waitForFunction(() => screen.orientation.angle === 0 && innerWidth === 390);
    await turn(true);
    await gateway.until('the first turn', (g) => g.of('rotation').length === 1);
    await turn(false);
    const turns = await gateway.until('two turns', (g) => g.of('rotation').length === 2 && g.of('rotation'));
    assert.deepEqual(
      turns.map((turn) => [turn.fromDegrees ?? 0, turn.toDegrees ?? 0, turn.viewportWidth > turn.viewportHeight]),
      [
        [0, 90, true],
        [90, 0, false],
      ],
    );
    assert.ok(gateway.batches.filter(({ device }) => device).length >= 2, 'the device is told again when it changed');
    assert.equal(gateway.batches[0].device.class, 3);
  }));

test('a tap on a phone is a tap', () =>
  visit({ context: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } }, async ({ page, gateway }) => {
    await page.tap('#stepper-plus');
    const [press] = await gateway.until('the press', (g) => g.presses.length && g.presses);
    assert.equal(press.kind, 2);
    assert.equal(press.pointer, 2);
    assert.ok('mutation_still' in press.facts, JSON.stringify(press.facts));
  }));

test('resting on a button and leaving it again and again is told as one hover', () =>
  visit({}, async ({ page, gateway }) => {
    for (let i = 0; i < 3; i++) {
      await page.hover('#add');
      await page.hover('#lead');
    }
    await page.click('#add');
    const [hover] = await gateway.until('the hover', (g) => g.of('hover').length && g.of('hover'));
    assert.equal(hover.entries, 4);
    assert.equal(hover.pressedAfter, true);
    assert.equal(hover.target.selector, 'section.product button#add');
  }));

test('zooming by fingers is told with the scale before and after', () =>
  visit({ context: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } }, async ({ page, gateway, context }) => {
    const devtools = await context.newCDPSession(page);
    await devtools.send('Input.synthesizePinchGesture', { x: 200, y: 300, scaleFactor: 2, relativeSpeed: 1_600 });
    // A slow machine may pause within the gesture; the steps then follow one another.
    const zooms = await gateway.until('the zoom', (g) => {
      const all = g.of('zoom');
      return all.length && all.at(-1).scaleAfterMilli > 1.5 * all[0].scaleBeforeMilli && all;
    });
    for (let i = 1; i < zooms.length; i++) assert.equal(zooms[i].scaleBeforeMilli, zooms[i - 1].scaleAfterMilli);
  }));
