/** All that a widget could listen to. */
const TYPES = ['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'touchstart', 'touchend', 'click', 'dblclick'];

/**
 * Takes the presses away from everything inside `root`, which goes on looking
 * the same: with `missing`, as if nobody listened; with `erroring`, as if the
 * listener failed at its first line.
 */
export function breakIt(root, twin) {
  for (const type of TYPES) {
    root.addEventListener(
      type,
      (event) => {
        event.stopImmediatePropagation();
        // What the browser would do by itself is part of the widget.
        if (type !== 'click') return;
        event.preventDefault();
        if (twin === 'erroring') throw new TypeError('a planted fault');
      },
      { capture: true, passive: false },
    );
  }
}
