// What fingers and hands do beside pressing, and what lies in their way.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, visit } from './harness.mjs';

after(closeBrowser);

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

/** A finger that goes from one place to another, as the browser's own input. */
async function swipe(context, page, [x, y], [toX, toY]) {
  const devtools = await context.newCDPSession(page);
  const touch = (type, ...touchPoints) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints });
  await touch('touchStart', { x, y });
  for (let step = 1; step <= 5; step++) await touch('touchMove', { x: x + ((toX - x) * step) / 5, y: y + ((toY - y) * step) / 5 });
  await touch('touchEnd');
}

test('a swipe that scrolls the page is told with what it moved', () =>
  visit({ context: PHONE, html: '<div style="height:4000px">long</div>' }, async ({ page, gateway, context }) => {
    await swipe(context, page, [200, 600], [200, 300]);
    const [told] = await gateway.until('the swipe', (g) => g.of('swipe').length && g.of('swipe'));
    assert.deepEqual([told.startX, told.startY, told.dx ?? 0, told.dy], [200, 600, 0, -300]);
    assert.ok(told.response.watchedMs >= 1_000, `${told.response.watchedMs}`);
    assert.ok(told.response.facts.some(({ kind }) => kind === 12), JSON.stringify(told.response.facts));
    assert.equal(gateway.of('press').length, 0, 'it is no press');
  }));

test('a swipe that nothing answers is told without an answer', () =>
  visit({ context: PHONE, html: '<style>html{touch-action:none}</style><p id="p" style="height:300px">still</p>' }, async ({ page, gateway, context }) => {
    await swipe(context, page, [300, 150], [100, 150]);
    const [told] = await gateway.until('the swipe', (g) => g.of('swipe').length && g.of('swipe'));
    assert.equal(told.dx, -200);
    assert.deepEqual(told.response.facts, []);
    assert.equal(told.target.selector, 'p#p');
  }));

test('a finger that rests on something makes a long press', () =>
  visit({ context: PHONE, html: '<button id="b" style="margin:100px">Hold</button>' }, async ({ page, gateway, context }) => {
    const devtools = await context.newCDPSession(page);
    const { x, y } = await page.locator('#b').boundingBox();
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: x + 5, y: y + 5 }] });
    const began = await page.evaluate(() => performance.now());
    await page.waitForFunction((start) => performance.now() > start + 700, began);
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    const [press] = await gateway.until('the press', (g) => g.presses.length && g.presses);
    assert.equal(press.kind, 3);
    assert.ok(press.holdMs >= 500, `${press.holdMs}`);
  }));

test('a press of the mouse ends the path that led to it', () =>
  visit({ html: '<button id="b" style="margin:200px">Press</button>' }, async ({ page, gateway }) => {
    await page.mouse.move(100, 100);
    await page.mouse.move(230, 210, { steps: 10 });
    await page.mouse.down();
    await page.mouse.up();
    await page.mouse.move(400, 300, { steps: 10 });
    await gateway.until('the press and both paths', (g) => g.presses.length && g.of('pointerPath').length >= 2);
    const { at, downBeforeMs } = gateway.presses[0];
    for (const path of gateway.of('pointerPath')) {
      const end = path.at + path.dt.reduce((sum, dt) => sum + dt, 0);
      assert.ok(end <= at - downBeforeMs + 1 || path.at >= at - downBeforeMs - 1, 'no path leads through the press');
    }
  }));

test('looking for words, printing and copying are told', () =>
  visit({ html: '<p id="p">Some words</p>' }, async ({ page, gateway }) => {
    await page.keyboard.press('Control+f');
    await page.evaluate(() => {
      getSelection().selectAllChildren(document.getElementById('p'));
      dispatchEvent(new Event('beforeprint'));
    });
    await page.keyboard.press('Control+c');
    await gateway.until('all three', (g) => ['find', 'print', 'copy'].every((kind) => g.of(kind).length === 1));
    assert.equal(gateway.of('copy')[0].target.selector, 'p#p');
  }));

test('a page with a search of its own keeps the browser\'s away', () =>
  visit({ html: '<script>onkeydown = (e) => e.key === "f" && e.preventDefault()</script>' }, async ({ page, gateway }) => {
    await page.keyboard.press('Control+f');
    await page.evaluate(() => furrow.track('done'));
    await gateway.until('what came after', (g) => g.of('custom').length);
    assert.equal(gateway.of('find').length, 0);
  }));

test('a dialog that opens by itself obstructs the view, until it is closed', () =>
  visit(
    {
      html: `<main>${'<p>words words words words words words words words</p>'.repeat(60)}</main>
        <div id="o" hidden style="position:fixed;inset:5% 0;background:#fff">Subscribe! <button onclick="o.hidden=true">x</button></div>
        <script>setTimeout(() => (o.hidden = false), 300)</script>`,
    },
    async ({ page, gateway }) => {
      const [shown] = await gateway.until('what covers the page', (g) => g.of('obstruction').length && g.of('obstruction'));
      assert.ok(shown.shown && !shown.openedByVisitor && shown.coveredMilli >= 900, JSON.stringify(shown));
      await page.click('#o button');
      const [, gone] = await gateway.until('that it is gone', (g) => g.of('obstruction').length === 2 && g.of('obstruction'));
      assert.ok(!gone.shown);
      assert.equal(gone.kind, shown.kind);
    },
  ));

test('a menu that the visitor opened is told as theirs, a bar at the edge and a fixed page are none', () =>
  visit(
    {
      html: `<div style="position:fixed;inset:0;overflow:auto"><header style="position:fixed;top:0;left:0;right:0;height:60px">bar</header>
        <button id="b" style="margin:100px" onclick="m.hidden=false">Menu</button>${'<p>words</p>'.repeat(60)}
        <div id="m" hidden style="position:fixed;inset:0 0 0 30%;background:#fff">menu</div></div>`,
    },
    async ({ page, gateway }) => {
      await page.waitForFunction(() => performance.now() > 1_500);
      await page.click('#b');
      const [menu] = await gateway.until('the menu', (g) => g.of('obstruction').length && g.of('obstruction'));
      assert.ok(menu.openedByVisitor && menu.shown, JSON.stringify(menu));
      assert.equal(menu.coveredMilli, 750);
    },
  ));

test('tilting and shaking are told where the site wants them', () =>
  visit({ context: PHONE, init: { motion: true }, html: '' }, async ({ page, gateway, context }) => {
    const devtools = await context.newCDPSession(page);
    for (const gamma of [0, 30, 60, 80]) {
      await devtools.send('DeviceOrientation.setDeviceOrientationOverride', { alpha: 0, beta: 0, gamma });
      // A sensor tells sixty times a second; two readings at once would be one.
      await page.evaluate(() => new Promise((next) => setTimeout(next, 40)));
    }
    await page.evaluate(async () => {
      // In one task: a busy machine may let timers wait for longer than a shake may pause.
      for (const x of [20, 0, 0, 0, -25, 0, 0, 0, 18, 0, 0, 0]) {
        dispatchEvent(new DeviceMotionEvent('devicemotion', { acceleration: { x, y: 0, z: 0 } }));
        for (const until = performance.now() + 25; performance.now() < until; );
      }
      await new Promise((next) => setTimeout(next, 600));
      dispatchEvent(new DeviceMotionEvent('devicemotion', { acceleration: { x: 0, y: 0, z: 0 } }));
    });
    const [shake] = await gateway.until('the shake', (g) => g.of('shake').length && g.of('shake'));
    assert.equal(shake.peakMmS2, 25_000);
    assert.ok(shake.durationMs >= 200, `${shake.durationMs}`);
    const tilts = await gateway.until('the tilt to its end', (g) => {
      const all = g.of('tiltPath');
      const ends = ['dx', 'dy', 'dz'].map((column) => all.at(-1)?.[column].reduce((sum, step) => sum + step, 0));
      return String(ends) === '-125,0,22' && all;
    });
    for (const { dt, dx, dy, dz } of tilts) {
      assert.equal(dt[0], 0);
      assert.ok(Math.abs(Math.hypot(dx[0], dy[0], dz[0]) - 127) < 2, 'each path begins with a whole vector');
    }
  }));

test('nobody listens to tilting and shaking unless the site wants it', () =>
  visit({ html: '' }, async ({ page, gateway }) => {
    await page.evaluate(() => {
      for (let i = 0; i < 4; i++) dispatchEvent(new DeviceOrientationEvent('deviceorientation', { beta: 20 * i, gamma: 0 }));
      furrow.track('done');
    });
    await gateway.until('what came after', (g) => g.of('custom').length);
    assert.equal(gateway.of('tiltPath').length, 0);
  }));
