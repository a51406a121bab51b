/** The numbers of `ResponseKind`: what a page can do after a press. */
export const enum Fact {
  Paint = 1,
  LayoutShift = 2,
  MutationStill = 3,
  MutationMoving = 4,
  InsideLasting = 5,
  InsidePassing = 6,
  Input = 7,
  Toggle = 8,
  Submit = 9,
  Request = 10,
  Navigation = 11,
  Scroll = 12,
  Focus = 13,
  Window = 14,
  Transition = 15,
  Selection = 16,
  Media = 17,
  Fullscreen = 18,
  Clipboard = 19,
  Canvas = 20,
  Value = 21,
  StyleSheet = 22,
  Error = 23,
  Analytics = 24,
}

/** Bits of the facts that could be an answer; the others only explain. */
export const ANSWERS =
  ~0 ^ ((1 << Fact.MutationMoving) | (1 << Fact.InsidePassing) | (1 << Fact.Error) | (1 << Fact.Analytics));

/** Bits of the facts that prove an answer whatever else moves on the page. */
export const PROOFS =
  (1 << Fact.Paint) |
  (1 << Fact.Input) |
  (1 << Fact.Toggle) |
  (1 << Fact.Submit) |
  (1 << Fact.Request) |
  (1 << Fact.Navigation) |
  (1 << Fact.Focus) |
  (1 << Fact.Window) |
  (1 << Fact.Selection) |
  (1 << Fact.Media) |
  (1 << Fact.Fullscreen) |
  (1 << Fact.Clipboard);

/** Bits of the facts that the browser tells the page's own window. */
export const OWN_WINDOW = (1 << Fact.Paint) | (1 << Fact.LayoutShift);

const ALL = (2 << Fact.Analytics) - (1 << Fact.Paint);

const observable = (type: string): boolean => PerformanceObserver.supportedEntryTypes.includes(type);

/** What this browser can report at all, one bit per kind. */
export const reportable = (): number => ALL - (+!observable(PAINT) << Fact.Paint) - (+!observable(SHIFT) << Fact.LayoutShift);

/** Reads the browser's entries of a type, where it has them. */
export function observe<E extends PerformanceEntry>(type: string, read: (entry: E) => void): void {
  if (observable(type)) new PerformanceObserver((list) => (list.getEntries() as E[]).forEach(read)).observe({ type });
}

export const PAINT = 'interaction-contentful-paint';
export const SHIFT = 'layout-shift';
