// Ten ways to move without pressing anything: wild, slow, to and fro. None of
// them says that anybody is frustrated.
import { setTimeout as pause } from 'node:timers/promises';
import { PHONE } from './world.mjs';

/** Between two places of a movement, about a frame. */
const FRAME_MS = 16;

/** Moves the mouse along `place(step)` for so many steps. */
const along = async (page, steps, place) => {
  for (let step = 0; step < steps; step++) {
    const [x, y] = place(step);
    await page.mouse.move(x, y);
    await pause(FRAME_MS);
  }
};

/** Turns the wheel by each of these, a little apart. */
const wheel = async (page, turns, apartMs) => {
  for (const turn of turns) {
    await page.mouse.wheel(0, turn);
    await pause(apartMs);
  }
};

/** Scrolls a phone as fingers do: without a mouse. */
const swipe = async (page, tops) => {
  for (const top of tops) {
    await page.evaluate((y) => scrollTo({ top: y, behavior: 'smooth' }), top);
    await pause(350);
  }
};

const to = (from, until, share) => from + (until - from) * share;

/** Each: what it is called, what it does, and on what. */
export const MOVERS = [
  ['circles', ({ page }) => along(page, 220, (n) => [640 + 260 * Math.cos(n / 6), 420 + 260 * Math.sin(n / 6)])],
  ['darting to and fro', ({ page }) => along(page, 220, (n) => [n % 2 ? 200 : 1000, 300 + (n % 7) * 40])],
  ['a jitter in one place', ({ page }) => along(page, 220, (n) => [640 + ((n * 37) % 90), 400 + ((n * 53) % 90)])],
  ['reading line after line', ({ page }) => along(page, 240, (n) => [to(200, 900, (n % 40) / 40), 300 + 24 * Math.floor(n / 40)])],
  ['wandering far and slowly', ({ page }) => along(page, 260, (n) => [640 + 500 * Math.sin(n / 31), 430 + 330 * Math.sin(n / 17)])],
  ['resting over what could be pressed', async ({ page }) => {
    for (const id of ['#dead', '#add', '#slow', '#dead', '#add', '#dead', '#dead']) {
      await page.hover(id);
      await pause(700);
    }
    await pause(2_500);
  }],
  ['scrolling to and fro', ({ page }) => wheel(page, Array.from({ length: 24 }, (_, n) => (n % 2 ? -700 : 700)), 130)],
  ['scrolling down steadily', ({ page }) => wheel(page, Array(12).fill(120), 380)],
  ['fleeing to the top edge', async ({ page }) => {
    for (let time = 0; time < 8; time++) {
      await along(page, 12, (n) => [640, to(800, 2, n / 11)]);
      await along(page, 12, (n) => [640, to(2, 800, n / 11)]);
    }
  }],
  ['a phone, scrolled up and down', ({ page }) => swipe(page, [900, 100, 1_200, 0, 700, 50, 1_400, 300]), PHONE],
];
