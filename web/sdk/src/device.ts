import { whole } from './browser';
import { indexIn, message, words, type Message } from './wire';

const enum DeviceClass {
  Desktop = 1,
  Tablet = 2,
  Phone = 3,
}

/** The numbers of `PointerType`. */
export const enum Pointer {
  Mouse = 1,
  Touch = 2,
}

const POINTERS = words('mouse|touch|pen');

export const pointerOf = (type: string): number => indexIn(POINTERS, type);

interface Hints {
  brands: { brand: string }[];
  platform: string;
}

/** Family names only; client hints where there are any, never the raw agent. */
export function device(): Message {
  const { userAgentData: hints, userAgent: agent, language } = navigator as Navigator & { userAgentData?: Hints };
  const { width, height } = screen;
  const fine = matchMedia('(pointer:fine)').matches;
  // Beside its name a browser tells that of its engine, and one that is no name.
  const brands = hints?.brands.filter(({ brand }) => !/Not/.test(brand));
  return message(
    fine ? DeviceClass.Desktop : Math.min(width, height) < 600 ? DeviceClass.Phone : DeviceClass.Tablet,
    fine ? Pointer.Mouse : Pointer.Touch,
    hints?.platform || /Android|iP(hone|ad)|Windows|Mac OS|Linux/.exec(agent)?.[0],
    (brands?.find(({ brand }) => brand != 'Chromium') ?? brands?.[0])?.brand || /Firefox|Edg|Chrome|Safari/.exec(agent)?.[0],
    ...[innerWidth, innerHeight, width, height, devicePixelRatio * 1_000].map(whole),
    language,
  );
}
