// One visit for every signal that a browser's visitors can cause, by mouse or
// by finger, followed to its row in ClickHouse. Presses that nobody answers
// are in visits.test.mjs.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { darts, flight, laps, lines, shake, straight, swipe, tilt, wheel } from './hands.mjs';
import { LOW, PHONE, Visitor, watchRows } from './world.mjs';

/** Visitors at the same time. */
const AT_ONCE = 4;
const CAN = '/product?p=can';

watchRows();

/** A visitor does something, and the rows show this signal, where it was. */
const signal = (kind, what, path, act, { device, on, fits } = {}) =>
  test(`${kind}: ${what}`, { timeout: 60_000 }, async () => {
    const visitor = await Visitor.enter(path, device);
    try {
      await act(visitor);
      const row = await visitor.shows(kind, fits);
      const shown = row.signals.find((one) => one.signal === kind);
      assert.equal(shown.path, on ?? new URL(path, 'http://shop').pathname, JSON.stringify(shown));
      assert.ok(shown.intensity > 0 && shown.intensity <= 1 && shown.reason, JSON.stringify(shown));
    } finally {
      await visitor.leave();
    }
  });

/** Rests, and moves on: only then is what was done before known to be over. */
const rest = async ({ page }, ms) => {
  await pause(ms);
  await page.mouse.move(700, 20);
};

describe('the pointer', { concurrency: AT_ONCE }, () => {
  signal('thrash', 'the mouse darts to and fro in one place', CAN, async (visitor) => {
    await visitor.look(1_000);
    await darts(visitor);
    await rest(visitor, 3_000);
  });

  signal('thrash_at_failure', 'the mouse darts after a press that failed', CAN, async (visitor) => {
    await visitor.look(1_000);
    await visitor.press('#error');
    await pause(600);
    await darts(visitor);
    await rest(visitor, 3_000);
  });

  signal('meander', 'the mouse goes round and round, slowly', CAN, async (visitor) => {
    await laps(visitor, 3, 8_000);
    await rest(visitor, 3_000);
  });

  signal('detour', 'after straight ways, a long way round', CAN, async (visitor) => {
    for (let way = 0; way < 10; way++) {
      await straight(visitor, [300, 200 + 40 * way], [760, 260 + 40 * way]);
      await pause(320);
      await straight(visitor, [760, 260 + 40 * way], [300, 240 + 40 * way]);
      await pause(320);
    }
    await laps(visitor, 1.5, 1_600);
    await straight(visitor, [640, 600], [300, 300]);
    await pause(400);
    await straight(visitor, [300, 300], [340, 500]);
    await pause(3_000);
  });

  signal('hesitation', 'the mouse rests on a button that is not pressed', CAN, async (visitor) => {
    await visitor.page.hover('#add');
    await pause(2_800);
    await visitor.page.mouse.move(700, 20);
    await rest(visitor, 3_500);
    await visitor.look(400);
  });

  signal('re_entry', 'the button is left and entered again before it is pressed', CAN, async (visitor) => {
    for (let time = 0; time < 4; time++) {
      await visitor.page.hover('#add');
      await pause(250);
      await visitor.page.mouse.move(700, 20, { steps: 3 });
      await pause(250);
    }
    await visitor.press('#add');
  });

  signal('reading', 'the mouse follows lines', '/workshop', async (visitor) => {
    await lines(visitor, 6);
    await rest(visitor, 1_500);
  });

  signal('about_to_leave', 'after a rage the mouse flies to the tabs', CAN, async (visitor) => {
    await visitor.look(600);
    await visitor.press('#dead', 4, 200);
    await pause(1_600);
    await flight(visitor);
    await pause(2_500);
  });

  signal('static_press', 'a colour that only looks as if it could be chosen, twice', CAN, async (visitor) => {
    await visitor.press('#swatch', 2, 1_200);
  });
});

describe('scrolling and reading', { concurrency: AT_ONCE }, () => {
  signal('scroll_thrash', 'down, up, down, up', CAN, async (visitor) => {
    await wheel(visitor, [600, -600, 600, -600, 600, -600, 600, -600], 450);
    await pause(1_000);
  }, { device: LOW });

  signal('steady_scroll', 'step by step to the end', '/', async (visitor) => {
    await wheel(visitor, Array(8).fill(100), 650);
    await pause(1_500);
  });

  signal('content_use', 'words are selected and copied', '/workshop', async ({ page }) => {
    await page.click('#words', { clickCount: 3, delay: 20 });
    await page.keyboard.press('Control+C');
  });
});

describe('what fails', { concurrency: AT_ONCE }, () => {
  signal('error_loop', 'the same error twice', CAN, async (visitor) => {
    await visitor.press('#compare', 2, 1_500);
  });

  signal('broken_link', 'a tab whose page is gone', CAN, async (visitor) => {
    await visitor.press('#tab-spares');
  });

  signal('slow_page', 'a catalogue that fetches before it shows', '/atlas', async (visitor) => {
    await visitor.look(500);
  });

  signal('blocked_view', 'a letter lies over what was looked for', '/deals', async (visitor) => {
    await visitor.page.locator('#letter').waitFor();
    await visitor.look(4_500);
    await visitor.page.click('#letter-close');
    await visitor.look(1_500);
  });

  signal('reload', 'twice within half a minute', CAN, async (visitor) => {
    for (let time = 0; time < 2; time++) {
      await visitor.look(400);
      await visitor.page.reload({ waitUntil: 'load' });
    }
    await visitor.look(600);
  });
});

describe('forms', { concurrency: AT_ONCE }, () => {
  signal('form_error_loop', 'an empty form is sent twice', '/checkout', async (visitor) => {
    await visitor.press('#buy', 2, 2_500);
  });

  signal('field_struggle', 'a name is gone into and corrected, three times', '/checkout', async ({ page }) => {
    for (let time = 0; time < 3; time++) {
      await page.click('#full-name');
      await page.keyboard.type('Nor', { delay: 20 });
      await page.keyboard.press('Backspace');
      await page.keyboard.press('Backspace');
      await page.click('#email');
      await pause(200);
    }
  });

  signal('form_abandonment', 'something is filled in, and the visit ends', '/checkout', async ({ page }) => {
    await page.click('#full-name');
    await page.keyboard.type('Noor Ames', { delay: 20 });
    await page.click('#street');
    await page.keyboard.type('1 Row', { delay: 20 });
    // Who is no longer to be remembered ends the session.
    await page.click('#memory');
  });

  signal('search_struggle', 'three searches', '/', async (visitor) => {
    const { page } = visitor;
    for (const words of ['gloves', 'spade', 'rake']) {
      await page.fill('#search', '');
      await page.click('#search');
      await page.keyboard.type(words, { delay: 20 });
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/search?q=${words}`);
      await visitor.look(400);
    }
  }, { on: '/search' });
});

describe('going from page to page', { concurrency: AT_ONCE }, () => {
  signal('quick_back', 'into the basket and back at once', '/', async (visitor) => {
    await visitor.look(500);
    await visitor.page.click('#nav-cart');
    await visitor.page.waitForURL('**/cart');
    await visitor.look(500);
    await visitor.page.goBack();
    await visitor.look(800);
  }, { on: '/cart' });

  signal('page_loop', 'to the basket and back, twice', '/', async (visitor) => {
    for (const [link, path] of [['cart', '/cart'], ['shop', '/'], ['cart', '/cart'], ['shop', '/']]) {
      await visitor.look(300);
      await visitor.page.click(`#nav-${link}`);
      await visitor.page.waitForURL((url) => url.pathname === path);
    }
    await visitor.look(800);
  }, { on: '/cart' });

  signal('focus_flapping', 'away from the window and back, twice', CAN, async ({ page, devtools }) => {
    // Otherwise every page believes that it is looked at.
    await devtools.send('Emulation.setFocusEmulationEnabled', { enabled: false });
    const { windowId } = await devtools.send('Browser.getWindowForTarget');
    for (const windowState of ['minimized', 'normal', 'minimized', 'normal']) {
      await devtools.send('Browser.setWindowBounds', { windowId, bounds: { windowState } });
      await page.waitForFunction((wanted) => document.hasFocus() === wanted, windowState === 'normal', { polling: 50 });
    }
  });
});

describe('on a phone', { concurrency: AT_ONCE }, () => {
  signal('video_rotation', 'the phone is turned while a film is in view', '/workshop', async (visitor) => {
    await visitor.page.locator('#film').scrollIntoViewIfNeeded();
    await visitor.turn(0);
    await visitor.turn(90);
  }, { device: PHONE });

  signal('zoom_struggle', 'small print is zoomed into, and again', '/workshop', async (visitor) => {
    const { x, y } = await visitor.middle('#fine');
    for (let time = 0; time < 2; time++) {
      await visitor.devtools.send('Input.synthesizePinchGesture', { x, y, scaleFactor: 1.6, relativeSpeed: 800 });
      await pause(900);
    }
  }, { device: PHONE });

  signal('dead_swipe', 'pictures that cannot be swiped', '/workshop', async (visitor) => {
    const { x, y } = await visitor.middle('#strip');
    await swipe(visitor, [x + 90, y], [x - 90, y]);
    await pause(1_500);
  }, { device: PHONE });

  signal('tilt_swing', 'the phone is swung to and fro', CAN, async (visitor) => {
    const to = [0, 20, 40, 60];
    const fro = [40, 20, 0, -20];
    await tilt(visitor, [...to, ...fro, ...to, ...fro, ...to, ...fro]);
    // A turn of the screen would excuse it for as long.
    await pause(2_200);
    await tilt(visitor, to);
  }, { device: PHONE });

  signal('shake', 'the phone is shaken', CAN, shake, { device: PHONE });
});
