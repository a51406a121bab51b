// What the visitor does: the same steps at the same times, however fast the
// page is.
import { setTimeout as pause } from 'node:timers/promises';

const FRAME_MS = 1_000 / 60;
/** From one thing to the next, frames. */
const WAY_FRAMES = 36;

/** Numbers from 0 to 1 that come in the same order every time. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Calls `step(n)` once a frame. */
async function frames(seconds, step) {
  const began = performance.now();
  for (let n = 0; n < seconds * 60; n++) {
    const early = began + n * FRAME_MS - performance.now();
    if (early > 0) await pause(early);
    await step(n);
  }
}

/** Goes from place to place, presses, scrolls and types. */
export async function visit(page, seconds) {
  const next = numbers(7);
  let from = [640, 400];
  let to = from;
  await frames(seconds, async (n) => {
    const part = n % WAY_FRAMES;
    if (part === 0) {
      from = to;
      to = [150 + 300 * next(), 80 + 640 * next()];
    }
    const share = (part + 1) / WAY_FRAMES;
    const eased = share * share * (3 - 2 * share);
    await page.mouse.move(from[0] + (to[0] - from[0]) * eased, from[1] + (to[1] - from[1]) * eased);
    if (part !== WAY_FRAMES - 1) return;
    const choice = next();
    if (choice < 0.5) {
      await page.mouse.down();
      await page.mouse.up();
    } else if (choice < 0.8) {
      await page.mouse.wheel(0, next() < 0.7 ? 240 : -240);
    } else if (choice < 0.9) {
      await page.locator('#field').pressSequentially('cup ');
    }
  });
}

/** Moves without a pause. */
export const steadily = (page, seconds) =>
  frames(seconds, (n) => page.mouse.move(640 + 400 * Math.sin(n / 23), 400 + 250 * Math.sin(n / 17)));
