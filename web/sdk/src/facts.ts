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

/** Facts that could be an answer; the others only explain. */
export function answers(fact: Fact): boolean {
  return (
    fact !== Fact.MutationMoving && fact !== Fact.InsidePassing && fact !== Fact.Error && fact !== Fact.Analytics
  );
}

/** Facts that prove an answer whatever else moves on the page. */
export function proves(fact: Fact): boolean {
  return (
    answers(fact) &&
    fact !== Fact.LayoutShift &&
    fact !== Fact.MutationStill &&
    fact !== Fact.InsideLasting &&
    fact !== Fact.Transition &&
    fact !== Fact.Scroll &&
    fact !== Fact.Canvas &&
    fact !== Fact.Value &&
    fact !== Fact.StyleSheet
  );
}

const observable = (type: string): boolean =>
  typeof PerformanceObserver === 'function' && PerformanceObserver.supportedEntryTypes.includes(type);

/** What this browser can report at all, one bit per kind. */
export function reportable(): number {
  let bits = 0;
  for (let kind: number = Fact.Paint; kind <= Fact.Analytics; kind++) {
    if (kind === Fact.Paint && !observable('interaction-contentful-paint')) continue;
    if (kind === Fact.LayoutShift && !observable('layout-shift')) continue;
    if (kind === Fact.Toggle && !('ontoggle' in document)) continue;
    bits += 2 ** kind;
  }
  return bits;
}
