import { on, whole } from './browser';
import { paths } from './paths';
import { add, Kind } from './record';
import { settings } from './settings';
import { varint } from './wire';

/** The wire's unit of an up-vector's components. */
const UNIT = 127;
/** The device lies still while no component changes by more than this. */
const STILL = 3;
/** Stronger than walking, m/s² without gravity. */
const SHAKE_MIN = 15;
/** So many jerks are a shake. */
const JERKS_MIN = 3;
/** Readings closer than this are one jerk; a pause longer than that ends a shake, ms. */
const JERK_MS = 40;
const PAUSE_MS = 500;

/** How the device is tilted, and that it is shaken, where the site wants to know. A browser that would have to ask tells nothing. */
export function watchMotion(): void {
  if (!settings.motion) return;
  const [take] = paths(Kind.TiltPath, (_by, start, columns) =>
    // The first row leads from (0, 0, 0) to the start.
    columns.map((column, i) => {
      const first: number[] = [];
      varint(first, i && start[i - 1]!);
      return first.concat(column);
    }),
  );
  let last: number[] = [];
  on<DeviceOrientationEvent>('deviceorientation', ({ beta, gamma }, time) => {
    const [b, g] = [beta!, gamma!].map((degrees) => (degrees * Math.PI) / 180) as [number, number];
    const up = [-Math.cos(b) * Math.sin(g), Math.sin(b), Math.cos(b) * Math.cos(g)].map((one) => whole(one * UNIT));
    if (beta !== null && up.some((one, i) => !(Math.abs(one - last[i]!) <= STILL)) && take(time, 0, ...up)) last = up;
  });

  let jerks = 0;
  let began = 0;
  let latest = 0;
  let peak = 0;
  on<DeviceMotionEvent>('devicemotion', ({ acceleration: a }, time) => {
    const force = Math.hypot(a?.x ?? 0, a?.y ?? 0, a?.z ?? 0);
    if (jerks && time - latest > PAUSE_MS) {
      const fields = [whole(peak * 1_000), whole(latest - began)];
      if (jerks >= JERKS_MIN) add(Kind.Shake, began, () => fields);
      jerks = peak = 0;
    }
    if (force < SHAKE_MIN) return;
    peak = Math.max(peak, force);
    if (!jerks++) began = time;
    else if (time - latest < JERK_MS) jerks--;
    latest = time;
  });
}
