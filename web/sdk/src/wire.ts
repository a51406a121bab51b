/**
 * Protobuf, with just what the wire needs. A message is an array of values;
 * the first is its field 1. What a value is says how it is written:
 *
 * - a number, `true`: a varint; `false` and nothing are left out
 * - a string: UTF-8; an empty one is left out
 * - a column of varints, a message: bytes with their length; an empty column is left out
 * - a list of messages: the field once for each
 * - eight bytes in larger units (a hash, a double): fixed64
 */
export type Message = Uint8Array<ArrayBuffer>;
export type Fixed = BigUint64Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
export type Value = number | boolean | string | number[] | Message | Message[] | Fixed | null | undefined;

/** Small magnitudes of either sign become small unsigned numbers. */
export const signed = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

/** Appends a number; a negative one as two's complement of 64 bits. */
export function varint(out: number[], value: number): void {
  for (let i = 0; value < 0 ? i++ < 9 : value > 127; value = Math.floor(value / 128)) out.push((value & 127) | 128);
  out.push(value < 0 ? 1 : value);
}

export const utf8 = (text: string): Message => new TextEncoder().encode(text);

function put(out: number[], field: number, value: Value): void {
  if (typeof value == 'string') value = value && utf8(value);
  if (value === true || typeof value == 'number') {
    varint(out, field * 8);
    varint(out, +value);
  } else if (Array.isArray(value) && typeof value[0] != 'number') {
    for (const one of value) put(out, field, one);
  } else if (value) {
    const fixed = (value as Fixed).BYTES_PER_ELEMENT > 1;
    varint(out, field * 8 + (fixed ? 1 : 2));
    const bytes = fixed ? new Uint8Array((value as Fixed).buffer) : (value as number[]);
    if (!fixed) varint(out, bytes.length);
    for (const byte of bytes) out.push(byte);
  }
}

export function message(...fields: Value[]): Message {
  const out: number[] = [];
  fields.forEach((value, i) => put(out, i + 1, value));
  return new Uint8Array(out);
}

/** A hash of the text's UTF-8 as FNV-1a makes it, 64 bits. The array takes of the product what fits it. */
export function hashOf(text: string): Fixed {
  let hash = 1n;
  for (const byte of utf8(text)) hash = (hash ^ BigInt(byte)) * 0x100000001b3n;
  return BigUint64Array.of(hash);
}

/** Words by the number that the wire gives them, from 1: bars between numbers, spaces between words of one. */
export const words = (list: string): string[][] => list.split('|').map((group) => group.split(' '));

/** The number of a word; 0 when it is none of them. */
export const indexIn = (list: string[][], word: string): number => list.findIndex((group) => group.includes(word)) + 1;
