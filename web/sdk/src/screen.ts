import { now, on, whenStill, whole } from './browser';
import { add, addPassive, flush, Kind, place } from './record';
import { meant } from './targets';
import { signed } from './wire';

/** A pinch changes the scale many times; it is told once it has stood still for this long, ms. */
const ZOOM_STILL_MS = 300;
/** A smaller change of scale is none. */
const ZOOM_MIN = 0.05;
/** A change without a finger, wheel or key shortly before is the browser fitting the page, ms. */
const HAND_MS = 1_500;

/** How the device is held and how far the page is zoomed: by fingers, a double tap or the browser's own keys. */
export function watchScreen(): void {
  const { orientation } = screen;
  let { angle } = orientation;
  const turned = (_event: Event, time: number) => {
    const from = angle;
    const to = (angle = orientation.angle);
    // The viewport follows the screen one frame later.
    if (from != to) requestAnimationFrame(() => {
      const fields = [from, to, innerWidth, innerHeight, videoInView()];
      add(Kind.Rotation, time, () => fields);
      flush();
    });
  };
  on('change', turned, orientation);

  let focused = document.hasFocus();
  on('focus blur', (_event, time) => {
    // Going into a frame is no leaving.
    const gained = document.hasFocus();
    if (gained != focused) addPassive(Kind.Focus, time, () => [gained]);
    focused = gained;
  });

  const view = visualViewport!;
  const scaleNow = () => view.scale * devicePixelRatio;
  let scale = scaleNow();
  let hand = -Infinity;
  on('touchmove touchend wheel keydown', (_event, time) => (hand = time));
  const zoomed = whenStill(ZOOM_STILL_MS, () => {
    const before = scale;
    const after = (scale = scaleNow());
    const [x, y] = [whole(view.offsetLeft + view.width / 2), whole(view.offsetTop + view.height / 2)];
    const target = meant(document.elementFromPoint(x, y));
    if (Math.abs(after / before - 1) < ZOOM_MIN || now() - hand > HAND_MS) return;
    add(Kind.Zoom, now(), () => [whole(before * 1_000), whole(after * 1_000), signed(x), signed(y), place(target)]);
  });
  on('resize', zoomed, view);
}

const videoInView = (): boolean =>
  [...document.querySelectorAll('video')].some((video) => {
    const { top, bottom } = video.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  });
