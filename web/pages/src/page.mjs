// One widget on a page: whole or broken, on a page that stands still or never
// does. The runner says which by `window.shown`.
import { CASES } from './cases/index.mjs';
import { breakIt } from './twins.mjs';
import { makeNoise, ripple } from './noise.mjs';

const { name, twin, noisy } = window.shown;
const root = document.querySelector('#case');
const one = CASES.find((each) => each.name === name);
if (noisy) {
  makeNoise(document.querySelector('#noise'));
  ripple(root);
}
if (twin) breakIt(one.within ? document : root, twin);
await one.mount(root);
window.mounted = performance.now();
