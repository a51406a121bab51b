// Ways in which hands move a mouse and turn its wheel, and hold a phone.
import { setTimeout as pause } from 'node:timers/promises';

/** Between two places of a movement: as often as screens draw. */
const FRAME_MS = 16;
/** Between two angles of a phone. */
const TILT_MS = 60;

/**
 * Sends steps to the page at their times, each with its time, and waits for none before the next: a machine that is
 * busy makes the page late, not the hand.
 */
async function at(visitor, everyMs, count, step) {
  const began = Date.now();
  const sent = [];
  for (let n = 0; n < count; n++) {
    const due = began + n * everyMs;
    await pause(Math.max(0, due - Date.now()));
    sent.push(visitor.devtools.send('Input.dispatchMouseEvent', { ...step(n), timestamp: due / 1_000 }));
  }
  await Promise.all(sent);
}

/** Through `place(share)`, share from 0 to 1, within this time. */
const move = (visitor, forMs, place) => {
  const steps = Math.round(forMs / FRAME_MS);
  return at(visitor, FRAME_MS, steps + 1, (n) => {
    const [x, y] = place(n / steps);
    return { type: 'mouseMoved', x, y };
  });
};

/** To and fro in one place, as fast as an impatient hand. */
export const darts = (visitor) => move(visitor, 1_600, (share) => [600 + 80 * Math.sin(share * 75), 500 + 40 * Math.cos(share * 47)]);

/** So many times round one place. */
export const laps = (visitor, rounds, forMs) =>
  move(visitor, forMs, (share) => [640 + 140 * Math.cos(share * rounds * 2 * Math.PI), 500 + 140 * Math.sin(share * rounds * 2 * Math.PI)]);

/** Straight there, slower at both ends. */
export const straight = (visitor, [x0, y0], [x1, y1], forMs = 420) =>
  move(visitor, forMs, (share) => {
    const eased = share * share * (3 - 2 * share);
    return [x0 + (x1 - x0) * eased, y0 + (y1 - y0) * eased];
  });

/** Along lines of text and back to the next. */
export async function lines(visitor, count) {
  for (let line = 0; line < count; line++) {
    await move(visitor, 750, (share) => [250 + 420 * share, 420 + 22 * line]);
    await move(visitor, 250, (share) => [670 - 420 * share, 420 + 22 * line + 22 * share]);
  }
}

/** From below to the top edge. */
export const flight = (visitor) => move(visitor, 260, (share) => [640, 700 - 698 * share]);

/** Turns the wheel by each of these, a little apart. */
export const wheel = (visitor, turns, apartMs) =>
  at(visitor, apartMs, turns.length, (n) => ({ type: 'mouseWheel', x: 640, y: 400, deltaX: 0, deltaY: turns[n] }));

/** A finger from one place to another. */
export async function swipe({ devtools }, [x, y], [toX, toY]) {
  const touch = (type, ...touchPoints) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints });
  await touch('touchStart', { x, y });
  for (let step = 1; step <= 5; step++) await touch('touchMove', { x: x + ((toX - x) * step) / 5, y: y + ((toY - y) * step) / 5 });
  await touch('touchEnd');
}

/** The phone is turned about its long side to each of these angles, a moment apart. */
export async function tilt({ devtools }, angles) {
  for (const gamma of angles) {
    await devtools.send('DeviceOrientation.setDeviceOrientationOverride', { alpha: 0, beta: 0, gamma });
    await pause(TILT_MS);
  }
}

/**
 * The phone is shaken. No emulation has its accelerometer, so the page is given the readings; in one task, because a
 * busy machine may let timers wait for longer than a shake may pause.
 */
export const shake = ({ page }) =>
  page.evaluate(async () => {
    const feel = (x) => dispatchEvent(new DeviceMotionEvent('devicemotion', { acceleration: { x, y: 0, z: 0 } }));
    for (const x of [20, 0, -25, 0, 18, 0]) {
      feel(x);
      for (const until = performance.now() + 25; performance.now() < until; );
    }
    await new Promise((next) => setTimeout(next, 700));
    feel(0);
  });
