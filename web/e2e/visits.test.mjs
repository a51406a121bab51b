// Real presses in a real Chromium, followed to the rows in ClickHouse and to
// the dashboard. Times are those of the pointer going down, written down by
// the page itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { MOVERS } from './movers.mjs';
import { Dashboard, PHONE, Visitor, arrives, closeBrowser, closeList, openBrowser, openList, printMeasured, rows, sql } from './world.mjs';

/** From the moment at which a rule can know something to its showing. */
const SHOWN_MS = 2_000;
/** A press is known to be unanswered after this long. */
const ANSWER_MS = 1_000;
const DEAD_MS = 2_500;
/** Movement alone, without a press, gives at most this much frustration. */
const MOVING_MAX = 1;
/** Visitors at the same time. */
const AT_ONCE = 4;

before(async () => {
  await openBrowser();
  await openList();
  rows.start();
});
after(async () => {
  await rows.stop();
  printMeasured();
  await closeList();
  await closeBrowser();
});

/** A test with a visitor of its own on the product page. */
const visit = (name, act, path, device) =>
  test(name, { timeout: 60_000 }, async () => {
    const visitor = await Visitor.enter(path, device);
    try {
      await act(visitor);
    } finally {
      await visitor.leave();
    }
  });

/** Rage rests on three unanswered presses at the least: it can be known once the third has been watched long enough. */
const rageKnowable = (downs) => downs[2] + ANSWER_MS;

const named = (row, signal) => row.signals.filter((one) => one.signal === signal);

describe('the dead button', { concurrency: AT_ONCE }, () => {
  const rage = (letter, selector, label, times, paceMs) =>
    visit(`${letter}: ${times} presses at ${paceMs} ms on "${label}" are rage`, async (visitor) => {
      await visitor.look();
      const downs = await visitor.press(selector, times, paceMs);
      const what = `rage, ${selector}, ${times} at ${paceMs} ms`;
      const { text } = await arrives(visitor, what, 'rage_press', rageKnowable(downs), SHOWN_MS);
      assert.match(text, new RegExp(`^rage press.*${selector}$`), 'the list names the target');
      const { row, signals } = await visitor.judged();
      assert.deepEqual(signals, ['rage_press'], JSON.stringify(row, null, 1));
      const [signal] = row.signals;
      assert.equal(signal.presses, times, JSON.stringify(signal));
      assert.equal(signal.label, label);
      assert.ok(signal.selector.endsWith(selector), signal.selector);
      assert.equal(signal.path, '/product');
      assert.ok(row.frustration > 0 && row.gaps === 0, JSON.stringify(row));
      visitor.cleanConsole();
    });

  rage('A', '#dead', 'Apply voucher', 8, 120);
  rage('B', '#dead', 'Apply voucher', 4, 250);
  rage('C', '#dead', 'Apply voucher', 5, 700);
  rage('D', '#dead', 'Apply voucher', 3, 400);
  rage('beside a countdown', '#dead-countdown', 'Hold this price', 8, 120);
  rage('beside a countdown', '#dead-countdown', 'Hold this price', 5, 250);
  rage('beside a countdown', '#dead-countdown', 'Hold this price', 5, 700);

  const dead = (selector, label) =>
    visit(`one press on "${label}" is a dead press`, async (visitor) => {
      await visitor.look();
      const [down] = await visitor.press(selector);
      const what = `dead press, ${selector}`;
      await arrives(visitor, what, 'dead_press', down + DEAD_MS, SHOWN_MS);
      const { row, signals } = await visitor.judged();
      assert.deepEqual(signals, ['dead_press'], JSON.stringify(row, null, 1));
      assert.equal(row.signals[0].label, label);
      visitor.cleanConsole();
    });

  dead('#dead', 'Apply voucher');
  dead('#dead-countdown', 'Hold this price');

  visit('K: three dead presses 1.2 s apart are a retry, not rage', async (visitor) => {
    await visitor.look();
    const downs = await visitor.press('#dead', 3, 1_200);
    await arrives(visitor, 'retry, #dead, 3 at 1,200 ms', 'retry_press', downs[2] + DEAD_MS, SHOWN_MS);
    const { row, signals } = await visitor.judged();
    assert.deepEqual(signals, ['dead_press', 'dead_press', 'dead_press', 'retry_press'], JSON.stringify(row, null, 1));
    assert.equal(named(row, 'retry_press')[0].presses, 3);
  });

  visit('J: four presses that drift over a dead area are rage', async (visitor) => {
    await visitor.look();
    const { x, y } = await visitor.middle('.voucher');
    const places = [0, 1, 2, 3].map((i) => ({ x: x - 40 + 25 * i, y }));
    const downs = await visitor.pressAt(places, 200);
    await arrives(visitor, 'rage, dead area, 4 at 200 ms', 'rage_press', rageKnowable(downs), SHOWN_MS);
    const { row, signals } = await visitor.judged();
    assert.deepEqual(signals, ['rage_press'], JSON.stringify(row, null, 1));
  });
});

describe('what answers', { concurrency: AT_ONCE }, () => {
  const responsive = (letter, selector, times, paceMs) =>
    visit(`${letter}: ${times} presses at ${paceMs} ms on ${selector} frustrate nobody, though a countdown runs`, async (visitor) => {
      const countdown = () => visitor.page.locator('#countdown').textContent();
      const before = await countdown();
      await visitor.look();
      await visitor.press(selector, times, paceMs);
      const { row, signals } = await visitor.judged();
      assert.notEqual(await countdown(), before, 'the countdown runs');
      assert.deepEqual(signals, ['responsive_multi_press'], JSON.stringify(row, null, 1));
      assert.equal(row.signals[0].presses, times, JSON.stringify(row.signals));
      assert.ok(row.signals[0].selector.endsWith(selector), row.signals[0].selector);
      assert.equal(row.scored, true);
      assert.equal(row.frustration, 0, JSON.stringify(row, null, 1));
      assert.equal(row.presses, times);
      visitor.cleanConsole();
    });

  responsive('E', '#stepper-plus', 6, 250);
  responsive('F', '#carousel-next', 5, 600);
  responsive('G', '#toggle', 3, 350);

  const nothing = (letter, times) =>
    visit(`${letter}: ${times} clicks at 150 ms that select text are nothing`, async (visitor) => {
      await visitor.look();
      const place = await visitor.middle('#lead');
      await visitor.pressAt(Array(times).fill(place), 150, true);
      assert.notEqual(await visitor.page.evaluate(() => String(getSelection())), '', 'text is selected');
      const { row, signals } = await visitor.judged();
      assert.deepEqual(signals, [], JSON.stringify(row, null, 1));
      assert.equal(row.frustration, 0);
      assert.equal(row.presses, times);
      visitor.cleanConsole();
    });

  nothing('H', 3);
  nothing('I', 2);
});

describe('on a phone', { concurrency: AT_ONCE }, () => {
  visit('five taps at 250 ms on the dead button are rage', async (visitor) => {
    await visitor.look();
    const downs = await visitor.press('#dead', 5, 250);
    await arrives(visitor, 'rage, #dead, 5 taps at 250 ms', 'rage_press', rageKnowable(downs), SHOWN_MS);
    const { row, signals } = await visitor.judged();
    assert.deepEqual(signals, ['rage_press'], JSON.stringify(row, null, 1));
    assert.equal(row.signals[0].presses, 5);
    visitor.cleanConsole();
  }, '/product?p=can', PHONE);

  visit('six taps at 250 ms on the stepper frustrate nobody', async (visitor) => {
    await visitor.look();
    await visitor.press('#stepper-plus', 6, 250);
    const { row, signals } = await visitor.judged();
    assert.deepEqual(signals, ['responsive_multi_press'], JSON.stringify(row, null, 1));
    assert.equal(row.frustration, 0);
    visitor.cleanConsole();
  }, '/product?p=can', PHONE);
});

describe('what fails or is late', { concurrency: AT_ONCE }, () => {
  visit('a press that makes a request fail is an error press', async (visitor) => {
    await visitor.look();
    const [down] = await visitor.press('#error');
    await arrives(visitor, 'error press', 'error_press', down);
    const { row, signals } = await visitor.judged();
    assert.deepEqual(signals, ['error_press'], JSON.stringify(row, null, 1));
    assert.equal(row.signals[0].label, 'Find it in a store');
    assert.ok(row.technical > 0 && row.frustration > 0, JSON.stringify(row));
  });

  visit('a press that is answered after two seconds is a slow press', async (visitor) => {
    await visitor.look();
    await visitor.press('#slow');
    await visitor.page.locator('#delivery', { hasText: 'with you on' }).waitFor();
    const { row, signals } = await visitor.judged();
    assert.deepEqual(signals, ['slow_press'], JSON.stringify(row, null, 1));
    const [{ duration_ms }] = row.signals;
    assert.ok(duration_ms > 1_800 && duration_ms <= 2_500, `${duration_ms} ms`);
    assert.ok(row.technical > row.frustration && row.frustration > 0, JSON.stringify(row));
    visitor.cleanConsole();
  });
});

describe('movement alone', { concurrency: AT_ONCE }, () => {
  for (const [name, move, device] of MOVERS) {
    visit(`${name} frustrates nobody`, async (visitor) => {
      await visitor.look();
      await move(visitor);
      const { row } = await visitor.judged();
      assert.equal(row.presses, 0);
      assert.equal(row.scored, true, JSON.stringify(row, null, 1));
      // How many interactions hold the movement is the SDK's business, and a busy machine samples less.
      assert.ok(Number(row.samples) > 20, JSON.stringify(row, null, 1));
      assert.ok(row.frustration <= MOVING_MAX, JSON.stringify(row, null, 1));
      visitor.cleanConsole();
    }, '/product?p=can', device);
  }
});

describe('the whole visit', { concurrency: AT_ONCE }, () => {
  visit("the session's own page shows the rage while it happens, and draws the trail", async (visitor) => {
    await visitor.look();
    const dashboard = await Dashboard.open(`#/sessions/${visitor.session}`);
    const { page } = dashboard;
    await visitor.look(400);
    const downs = await visitor.press('#dead', 6, 200);
    const { at, text } = await dashboard.since('rage press');
    const after = Math.round(at - rageKnowable(downs));
    assert.ok(after <= SHOWN_MS, `on the session's page ${after} ms after it could be known, not within ${SHOWN_MS} ms`);
    assert.match(text, /Apply voucher.*button#dead/s);
    await arrives(visitor, "rage, on the session's own page", 'rage_press', rageKnowable(downs), SHOWN_MS);

    const signal = page.locator('[data-testid=signal][data-signal=rage_press]');
    assert.equal(await signal.count(), 1);
    // The trail follows within seconds: all presses and the signal, on a line that really moves.
    await page.waitForFunction(() => document.querySelectorAll('[data-testid=trail] .press').length === 6);
    await page.locator('[data-testid=trail-signal].rage_press').waitFor();
    const line = await page.locator('[data-testid=trail] path.line').first().getAttribute('d');
    assert.ok(line.split(/[ML]/).length > 20, `a trail of many points: ${line}`);
    await dashboard.close();
    visitor.cleanConsole();
  });

  visit('a way through the shop to a purchase shows in the views', async (visitor) => {
    const { page, session } = visitor;
    await visitor.look(600);
    await page.click('#good-pot');
    await page.waitForURL('**/product?p=pot');
    await visitor.look(800);
    await page.click('#tab-care');
    await page.click('#add');
    await visitor.look(600);
    await page.click('#nav-cart');
    await page.waitForURL('**/cart');
    await visitor.look(600);
    await page.click('#to-checkout');
    await page.waitForURL('**/checkout');
    for (const [id, text] of [['full-name', 'Noor Ames'], ['email', 'noor@example.org'], ['street', '1 Row'], ['card', '4000 0000 0000 0000']]) {
      await page.click(`#${id}`);
      await page.keyboard.type(text, { delay: 15 });
    }
    await page.click('#buy');
    await page.waitForURL('**/checkout/done');
    const order = await page.locator('#order').textContent();

    const { row } = await visitor.judged();
    assert.equal(row.gaps, 0, JSON.stringify(row));
    const bought = await sql(`SELECT order_id, kind, value_minor, currency FROM v_conversions WHERE session = '${session}'`);
    assert.deepEqual(
      bought.map((one) => ({ ...one, value_minor: Number(one.value_minor) })),
      [{ order_id: order, kind: 'purchase', value_minor: 2_600, currency: 'EUR' }],
    );
    const views = await sql(`SELECT path, page_group FROM v_page_views WHERE session = '${session}' ORDER BY ordinal`);
    assert.deepEqual(
      views.map(({ path, page_group }) => [path, page_group]),
      [
        ['/', 'index'],
        ['/product', 'product'],
        ['/product/care', 'product'],
        ['/cart', 'cart'],
        ['/checkout', 'checkout'],
        ['/checkout/done', 'checkout'],
      ],
    );
    assert.ok(!row.signals.some(({ signal }) => signal === 'rage_press' || signal === 'dead_press'), JSON.stringify(row, null, 1));
    const [kept] = await sql(`SELECT countIf(payload LIKE '%Noor%' OR payload LIKE '%4000 0000%') AS typed FROM v_batches WHERE session = '${session}'`);
    assert.equal(Number(kept.typed), 0, 'nothing that was typed has left the page');
    visitor.cleanConsole();
  }, '/');

  visit('a phone that is turned three times within ten seconds shows repeated rotation', async (visitor) => {
    const { page } = visitor;
    await visitor.turn(0);
    await page.touchscreen.tap(190, 700);
    let turned = 0;
    // Two within four seconds would be enough; these are slower, so that it takes the third.
    for (const angle of [90, 0, 90]) {
      await pause(Math.max(0, turned + 4_300 - Date.now()));
      turned = await visitor.turn(angle);
    }
    await arrives(visitor, 'repeated rotation, 3 within 10 s', 'repeated_rotation', turned);
    const row = await visitor.shows('repeated_rotation', ({ presses }) => presses === 3);
    const [{ duration_ms }] = named(row, 'repeated_rotation');
    assert.ok(duration_ms > 8_000 && duration_ms <= 10_000, `${duration_ms} ms`);
    visitor.cleanConsole();
  }, '/product?p=can', PHONE);
});
