// Numbers and times in words.

/** Thousandths of a score as people read it: "7.4". */
export const score = (milli: number): string => (Math.floor(milli / 100) / 10).toFixed(1);

export const percent = (milli: number): string => `${Math.round(milli / 10)} %`;

/** "4 s", "12 min 05 s", "1 h 03 min". */
export function lasting(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1_000));
  if (s < 60) return `${s} s`;
  const two = (n: number) => String(n).padStart(2, "0");
  if (s < 3_600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  return `${Math.floor(s / 3_600)} h ${two(Math.floor(s / 60) % 60)} min`;
}

/** "just now", "3 min ago", then the date. */
export function ago(ms: number, nowMs: number): string {
  const s = Math.round((nowMs - ms) / 1_000);
  if (s < 5) return "just now";
  if (s < 60) return `${s} s ago`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ago`;
  return dateTime(ms);
}

const DATE_TIME = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const CLOCK = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

export const dateTime = (ms: number): string => DATE_TIME.format(ms);
export const clock = (ms: number): string => CLOCK.format(ms);

/** A moment of a session: "0:07", "12:30", "1:02:03". */
export function offset(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000));
  const two = (n: number) => String(n).padStart(2, "0");
  return s < 3_600
    ? `${Math.floor(s / 60)}:${two(s % 60)}`
    : `${Math.floor(s / 3_600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** "rage_press" as "rage press". */
export const words = (name: string): string =>
  name.replaceAll("_", " ").replace("multi press", "multi-press");

export const counted = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString("en-GB")} ${n === 1 ? one : many}`;

/** A value in minor units of a currency, as that currency is written. */
export function money(minor: number, currency: string): string {
  if (!currency) return "no value";
  try {
    const format = new Intl.NumberFormat("en-GB", { style: "currency", currency });
    const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    return format.format(minor / 10 ** digits);
  } catch {
    return `${minor} ${currency}`;
  }
}

/** The beginning of a session id that tells sessions apart in a list. */
export const shortId = (id: string): string => id.slice(-12, -4);

/** How the ends of measures' names are written as units, the longest first. */
const UNITS = [
  ["_rad_per_1000_px", "rad / 1,000 px"],
  ["_viewports_per_s", "screens/s"],
  ["_px_per_s2", "px/s²"],
  ["_px_per_s3", "px/s³"],
  ["_px_per_s", "px/s"],
  ["_rad_per_s", "rad/s"],
  ["_ms_per_bit", "ms/bit"],
  ["_viewports", "screens"],
  ["_bits", "bit"],
  ["_px", "px"],
  ["_ms", "ms"],
  ["_s", "s"],
] as const;

/** Measures whose name without its unit says too little. */
const MEASURE_WORDS: Record<string, string> = {
  movement_ms: "movement time",
  x_flips: "horizontal flips",
  y_flips: "vertical flips",
  log_dimensionless_jerk: "smoothness (log dimensionless jerk)",
  fitts_ms_per_bit: "time per bit of difficulty",
  fitts_residual_ms: "time that difficulty leaves unexplained",
  scroll_viewports_per_s: "scroll speed",
  scroll_gap_cv: "unevenness of scroll pauses",
  engaged_ms: "engaged time",
  dwell_shape: "shape of dwell times",
  dwell_scale_ms: "scale of dwell times",
  hover_ms: "hover time",
  tilt_rad_per_s: "tilting speed",
  tilt_peak_rad_per_s: "fastest tilt",
};

/** A measure's name as words and unit: "peak_speed_px_per_s" as "peak speed", "px/s". */
export function measure(name: string): { words: string; unit: string } {
  const [end, unit] = UNITS.find(([end]) => name.endsWith(end)) ?? ["", ""];
  return { words: MEASURE_WORDS[name] ?? words(name.slice(0, name.length - end.length)), unit };
}

/** A measured value with about three digits that say something. */
export function measuredValue(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString("en-GB", { maximumFractionDigits: digits });
}
