/** The page's monotonic clock, ms. All times inside the SDK are read from it. */
export const now = (): number => performance.now();

/**
 * The time of an event on that clock. Some browsers leave it 0 for events that
 * they make themselves, and none may lie ahead of the clock.
 */
export function timeOf(event: Event): number {
  const time = now();
  return event.timeStamp > 0 && event.timeStamp < time ? event.timeStamp : time;
}

/** A whole number of px or ms. */
export const whole = (value: number): number => Math.round(value) || 0;
