import type { Writer } from './writer';

const enum DeviceClass {
  Desktop = 1,
  Tablet = 2,
  Phone = 3,
}

/** The numbers of `PointerType`. */
export const enum Pointer {
  Unknown = 0,
  Mouse = 1,
  Touch = 2,
  Pen = 3,
}

export function pointerOf(type: string): Pointer {
  return type === 'mouse' ? Pointer.Mouse : type === 'touch' ? Pointer.Touch : type === 'pen' ? Pointer.Pen : 0;
}

interface Hints {
  brands: { brand: string }[];
  mobile: boolean;
  platform: string;
}

/** Changes whenever the device's message would. */
export function deviceKey(): string {
  return [innerWidth, innerHeight, screen.width, screen.height, devicePixelRatio].join();
}

/** Family names only; client hints where there are any, never the raw agent. */
export function writeDevice(writer: Writer): void {
  const hints = (navigator as { userAgentData?: Hints }).userAgentData;
  const agent = navigator.userAgent;
  const fine = matchMedia('(pointer: fine)').matches;
  const small = Math.min(screen.width, screen.height) < 600;
  const handheld = hints?.mobile || /Mobi|Android|iPhone|iPad/.test(agent) || (!fine && navigator.maxTouchPoints > 0);
  const kind = !handheld ? DeviceClass.Desktop : small ? DeviceClass.Phone : DeviceClass.Tablet;
  writer
    .uint(1, kind)
    .uint(2, fine ? Pointer.Mouse : Pointer.Touch)
    .string(3, hints?.platform || (/Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(agent)?.[0] ?? ''))
    .string(4, brandOf(hints) || (/Firefox|Edg|Chrome|Safari/.exec(agent)?.[0] ?? ''))
    .uint(5, innerWidth)
    .uint(6, innerHeight)
    .uint(7, screen.width)
    .uint(8, screen.height)
    .uint(9, Math.round(devicePixelRatio * 1_000))
    .string(10, navigator.language);
}

function brandOf(hints: Hints | undefined): string {
  const brands = (hints?.brands ?? []).map(({ brand }) => brand).filter((brand) => !/not.?a.?brand/i.test(brand));
  return brands.find((brand) => brand !== 'Chromium') ?? brands[0] ?? '';
}
