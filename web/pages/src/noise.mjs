// What moves on a page while nobody presses, all of it at once.
import { style } from './style.mjs';

const CLOCK_MS = 100;
const POLL_MS = 500;
const SLIDE_MS = 1_000;
const RIPPLE_MS = 450;

export function makeNoise(root) {
  style(`
    #noise { display: grid; gap: 8px; width: 300px; font-size: 12px }
    #noise .window { width: 120px; height: 24px; overflow: hidden }
    #noise .track { display: flex; width: 480px; transition: transform .4s }
    #noise .track b { flex: 0 0 120px }
    #noise .skeleton { height: 14px; background: linear-gradient(90deg, #ddd, #f4f4f4, #ddd) 0 / 200%; animation: shimmer 1.2s linear infinite }
    @keyframes shimmer { to { background-position: -200% } }
  `);
  root.innerHTML = `
    <div>left: <span class="clock">0</span> <span class="list"><i>a</i></span></div>
    <div>in stock: <span class="poll">?</span></div>
    <div class="spinner">*</div>
    <div class="window"><div class="track"><b>one</b><b>two</b><b>three</b></div></div>
    <div class="skeleton"></div>`;
  const at = (selector) => root.querySelector(selector);

  let time = 0;
  setInterval(() => {
    at('.clock').textContent = (++time / 10).toFixed(1);
    if (time % 5 === 0) at('.list').innerHTML = `<i>${time}</i>`;
  }, CLOCK_MS);

  setInterval(async () => {
    const answer = await fetch('/poll');
    at('.poll').textContent = await answer.text();
  }, POLL_MS);

  let slide = 0;
  setInterval(() => {
    slide = (slide + 1) % 3;
    at('.track').style.transform = `translateX(${-120 * slide}px)`;
  }, SLIDE_MS);

  (function turn(now) {
    at('.spinner').style.opacity = String(0.5 + 0.5 * Math.sin(now / 200));
    requestAnimationFrame(turn);
  })(performance.now());
}

/** Draws a passing circle into whatever button is pressed, as many design systems do, whether it works or not. */
export function ripple(root) {
  style(`
    .ripple { position: absolute; width: 12px; height: 12px; border-radius: 50%; background: #0003; pointer-events: none; animation: spread .4s }
    @keyframes spread { to { transform: scale(4); opacity: 0 } }
  `);
  root.addEventListener(
    'pointerdown',
    ({ target }) => {
      const button = target.closest?.('button');
      if (!button) return;
      const circle = document.createElement('span');
      circle.className = 'ripple';
      button.append(circle);
      setTimeout(() => circle.remove(), RIPPLE_MS);
    },
    true,
  );
}
