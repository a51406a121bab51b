/**
 * A protobuf writer with just what the wire needs. Fields at their default are
 * left out, as proto3 does; `present` writes a number even when it is zero.
 */
export class Writer {
  private readonly bytes: number[] = [];

  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.bytes);
  }

  uint(field: number, value: number): this {
    return value ? this.present(field, value) : this;
  }

  present(field: number, value: number): this {
    this.tag(field, 0);
    this.varint(Math.max(0, value));
    return this;
  }

  sint(field: number, value: number): this {
    return this.uint(field, zigzag(value));
  }

  /** A signed 64-bit field; negative values take ten bytes, as protobuf wants. */
  int64(field: number, value: number): this {
    if (value < 0) {
      this.tag(field, 0);
      this.bigVarint(BigInt.asUintN(64, BigInt(value)));
      return this;
    }
    return this.uint(field, value);
  }

  bool(field: number, value: boolean): this {
    return this.uint(field, value ? 1 : 0);
  }

  double(field: number, value: number): this {
    this.tag(field, 1);
    this.bytes.push(...new Uint8Array(new Float64Array([value]).buffer));
    return this;
  }

  fixed64(field: number, value: Hash): this {
    this.tag(field, 1);
    for (const half of value) {
      for (let shift = 0; shift < 32; shift += 8) this.bytes.push((half >>> shift) & 255);
    }
    return this;
  }

  string(field: number, value: string): this {
    return value ? this.raw(field, new TextEncoder().encode(value)) : this;
  }

  /** A string that is written even when it is empty: a `oneof` needs its case. */
  text(field: number, value: string): this {
    return this.raw(field, new TextEncoder().encode(value));
  }

  raw(field: number, value: ArrayLike<number>): this {
    this.tag(field, 2);
    this.varint(value.length);
    for (let i = 0; i < value.length; i++) this.bytes.push(value[i]!);
    return this;
  }

  /** A `bytes` field; left out when empty. */
  blob(field: number, value: ArrayLike<number>): this {
    return value.length ? this.raw(field, value) : this;
  }

  packed(field: number, values: readonly number[]): this {
    if (!values.length) return this;
    const column = new Writer();
    for (const value of values) column.varint(value);
    return this.raw(field, column.bytes);
  }

  packedSint(field: number, values: readonly number[]): this {
    return this.packed(field, values.map(zigzag));
  }

  /** The fields of another writer, as they are. */
  append(other: Writer): this {
    for (const byte of other.bytes) this.bytes.push(byte);
    return this;
  }

  message(field: number, write: (inner: Writer) => void): this {
    const inner = new Writer();
    write(inner);
    return this.raw(field, inner.bytes);
  }

  private tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  private varint(value: number): void {
    while (value > 127) {
      this.bytes.push((value % 128) | 128);
      value = Math.floor(value / 128);
    }
    this.bytes.push(value);
  }

  private bigVarint(value: bigint): void {
    while (value > 127n) {
      this.bytes.push(Number(value & 127n) | 128);
      value >>= 7n;
    }
    this.bytes.push(Number(value));
  }
}

/** A 64-bit hash as its low and high half. */
export type Hash = readonly [low: number, high: number];

/** Small magnitudes of either sign become small unsigned numbers. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
