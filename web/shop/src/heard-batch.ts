/** A batch's bytes as words, by the numbers of `interaction.proto`. */

/** One interaction as it left the page. */
export interface Heard {
  /** Milliseconds since 1970, by this page's clock. */
  at: number;
  /** Such as `press`. */
  kind: string;
  /** What it says, in words. */
  text: string;
  way: 'call' | 'beacon';
  batch: { sequence: number; bytes: number };
}

const KINDS =
  '||pointer path|press|response|swipe|zoom|shake|scroll path|hover|rotation|tilt path|focus|visibility|field|page view|navigation|problem|text selection|copy|find|print|conversion|exposure|feedback|identify|custom|session end|obstruction'.split('|');
const FACTS =
  '|paint|layout shift|change in a still part|change in a moving part|lasting change inside|passing change inside|input|toggle|submit|request|navigation|scroll|focus|window|transition|selection|media|full screen|clipboard|canvas|value|style sheet|error|analytics'.split('|');
const CHANGES = '|focus|blur|change|submit|refused|paste|clear'.split('|');
const NAVIGATIONS = '|back|forward|reload|in-page'.split('|');
const PROBLEMS = '|script error|failed request|failed resource|long task|hang'.split('|');

const BATCH = { sequence: 4, origin: 5, targets: 9, interactions: 10 };
const DT = 1;
const BEACON_BATCHES = 2;

type Value = number | Uint8Array;
/** A message's fields by number, each as often as it came. */
type Fields = Map<number, Value[]>;

function read(bytes: Uint8Array): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    let value: Value;
    if (wire === 0) {
      value = varint();
    } else {
      const length = wire === 2 ? varint() : wire === 1 ? 8 : 4;
      value = bytes.subarray(at, at + length);
      at += length;
    }
    const number = Math.floor(tag / 8);
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

const numberOf = (fields: Fields, field: number): number => {
  const value = fields.get(field)?.[0];
  return typeof value === 'number' ? value : 0;
};
const messages = (fields: Fields, field: number): Uint8Array[] =>
  (fields.get(field) ?? []).filter((value): value is Uint8Array => value instanceof Uint8Array);
const textOf = (fields: Fields, field: number): string => new TextDecoder().decode(messages(fields, field)[0]);
/** How many varints a packed column holds. */
const rows = (fields: Fields, field: number): number => messages(fields, field).reduce((sum, bytes) => sum + bytes.filter((byte) => byte < 128).length, 0);
const some = (what: string | undefined) => what || '…';

/** The interactions of a gRPC-web request or of a beacon. */
export function heard(body: Uint8Array, way: Heard['way']): Heard[] {
  const batches = way === 'beacon' ? messages(read(body), BEACON_BATCHES) : [body.subarray(5)];
  return batches.flatMap((bytes) => {
    const batch = read(bytes);
    const targets = messages(batch, BATCH.targets).map((target) => textOf(read(target), 2));
    let at = numberOf(batch, BATCH.origin);
    return messages(batch, BATCH.interactions).map((interaction) => {
      const fields = read(interaction);
      at += numberOf(fields, DT);
      const number = [...fields.keys()].find((key) => key !== DT) ?? 0;
      const inner = read(messages(fields, number)[0] ?? new Uint8Array());
      return {
        at,
        kind: KINDS[number] ?? `kind ${number}`,
        text: words(number, inner, targets),
        way,
        batch: { sequence: numberOf(batch, BATCH.sequence), bytes: bytes.length },
      };
    });
  });
}

function words(kind: number, fields: Fields, targets: string[]): string {
  const on = (field: number) => (fields.has(field) ? `on ${some(targets[numberOf(fields, field)])}` : '');
  const answer = (field: number) => answers(read(messages(fields, field)[0] ?? new Uint8Array()));
  switch (KINDS[kind]) {
    case 'pointer path':
      return `${1 + rows(fields, 4)} samples`;
    case 'scroll path':
      return `${1 + rows(fields, 2)} samples`;
    case 'tilt path':
      return `${rows(fields, 1)} samples`;
    case 'press':
      return `${on(9)}: ${answer(17)}`;
    case 'response':
      return `to press ${numberOf(fields, 1)}: ${answer(2)}`;
    case 'swipe':
      return `${on(6)}: ${answer(7)}`;
    case 'hover':
      return `${on(1) || `on ${some(targets[0])}`} for ${numberOf(fields, 2)} ms`;
    case 'rotation':
      return `${numberOf(fields, 1)}° to ${numberOf(fields, 2)}°`;
    case 'zoom':
      return `${numberOf(fields, 1) / 1_000} to ${numberOf(fields, 2) / 1_000}`;
    case 'focus':
      return numberOf(fields, 1) ? 'gained' : 'lost';
    case 'visibility':
      return numberOf(fields, 1) ? 'shown' : 'hidden';
    case 'field':
      return some(CHANGES[numberOf(fields, 4)]);
    case 'page view':
      return textOf(read(messages(fields, 1)[0] ?? new Uint8Array()), 2);
    case 'navigation':
      return some(NAVIGATIONS[numberOf(fields, 1)]);
    case 'problem':
      return `${some(PROBLEMS[numberOf(fields, 1)])}, ${textOf(fields, 3)}`;
    case 'text selection':
    case 'copy':
      return on(1);
    case 'obstruction':
      return `${numberOf(fields, 2) / 10} % of the view, ${numberOf(fields, 4) ? 'comes' : 'goes'}`;
    default:
      return '';
  }
}

function answers(response: Fields): string {
  const facts = messages(response, 3).map((bytes) => {
    const fact = read(bytes);
    return `${some(FACTS[numberOf(fact, 1)])} after ${numberOf(fact, 2)} ms`;
  });
  return facts.length ? facts.join(', ') : `nothing within ${numberOf(response, 1)} ms`;
}
