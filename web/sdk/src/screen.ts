import { now, timeOf, whole } from './clock';
import { Kind, type Recorder } from './recorder';

/** How the device is held, and whether anybody looks. */
export function watchScreen(recorder: Recorder): void {
  let angle = angleNow();
  const turned = (event: Event) => {
    const from = angle;
    const at = timeOf(event);
    angle = angleNow();
    if (from === angle) return;
    const to = angle;
    // The viewport follows the screen one frame later.
    requestAnimationFrame(() => {
      const [width, height] = [innerWidth, innerHeight];
      const video = videoInView();
      recorder.add(Kind.Rotation, at, (writer) =>
        writer.uint(1, from).uint(2, to).uint(3, width).uint(4, height).bool(5, video),
      );
      recorder.flush();
    });
  };
  if (screen.orientation) screen.orientation.addEventListener('change', turned);
  else addEventListener('orientationchange', turned);

  const focus = (gained: boolean) => (event: Event) => {
    if (event.target === window) recorder.addPassive(Kind.Focus, timeOf(event), (writer) => writer.bool(1, gained));
  };
  addEventListener('focus', focus(true));
  addEventListener('blur', focus(false));
}

/** A pinch changes the scale many times; it is told once it has stood still for this long, ms. */
const ZOOM_STILL_MS = 300;

/** Zooming by fingers, by a double tap or by the browser's own keys. */
export function watchZoom(recorder: Recorder): void {
  const viewport = window.visualViewport;
  const scaleNow = () => (viewport?.scale ?? 1) * devicePixelRatio;
  let scale = scaleNow();
  let timer = 0;
  viewport?.addEventListener('resize', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const before = scale;
      scale = scaleNow();
      if (Math.abs(scale / before - 1) < 0.05) return;
      const [x, y] = [whole(viewport.offsetLeft + viewport.width / 2), whole(viewport.offsetTop + viewport.height / 2)];
      const after = scale;
      recorder.add(Kind.Zoom, now(), (writer) =>
        writer.uint(1, whole(before * 1_000)).uint(2, whole(after * 1_000)).sint(3, x).sint(4, y),
      );
    }, ZOOM_STILL_MS) as unknown as number;
  });
}

export function tellVisibility(recorder: Recorder, visible: boolean): void {
  recorder.addPassive(Kind.Visibility, now(), (writer) => writer.bool(1, visible));
}

function angleNow(): number {
  const legacy = (window as { orientation?: number }).orientation ?? 0;
  return ((screen.orientation?.angle ?? legacy) + 360) % 360;
}

function videoInView(): boolean {
  return Array.from(document.querySelectorAll('video')).some((video) => {
    const box = video.getBoundingClientRect();
    return box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  });
}
