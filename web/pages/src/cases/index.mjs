// Every widget: what it is called, how it is put on a page, and how a content
// person presses it.
//
// - `mount(root)` puts it there; it may load its library.
// - `press` is a selector, or several to be pressed in turn.
//   `'#track 0.7'` is a place along it.
// - `places: 'moving'`: the hand follows where it is.
// - `lookFor: 'when shown'`: it is looked for when its turn comes.
// - `counted: true`: the browser may take presses for double clicks.
// - `before`: two rows, the first of which is dragged to the second before.
// - `times` and `paceMs` make the burst: rapid, as hands that know what they do.
// - `twin` says how it is broken: `missing`, `erroring`, or null for what has
//   no handler that could be missing.
// - `broken` says where to press the broken one, if not in the same places.
// - `within: 'document'` breaks it wherever it puts its parts.
// - `plain: true`: it does not look as if it could be pressed.
// - `touch: false`, `mouse: false`: only the other way makes sense.
import { browser } from './browser.mjs';
import { byHand } from './by-hand.mjs';
import { carousels } from './carousels.mjs';
import { parts } from './parts.mjs';
import { pickers } from './pickers.mjs';
import { unseen } from './unseen.mjs';

export const CASES = [...byHand, ...browser, ...unseen, ...pickers, ...carousels, ...parts].map((one) => ({
  times: 5,
  paceMs: 300,
  twin: 'missing',
  ...one,
}));
