/** SSH's data representation (RFC 4251 §5), read strictly: a length that leads beyond the end is refused. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new WireError("it ends too early");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  uint32(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.take(4);
    return a * 0x100_0000 + ((b << 16) | (c << 8) | d);
  }

  string(): Uint8Array {
    return this.take(this.uint32());
  }

  /** Names are US-ASCII. */
  name(): string {
    return String.fromCharCode(...this.string().subarray(0, 256));
  }

  /** A positive number of at most `bytes` bytes, padded to them. */
  mpint(bytes: number): Uint8Array {
    const raw = this.string();
    if ((raw[0] ?? 0) >= 0x80) throw new WireError("a number is negative");
    const digits = raw[0] === 0 ? raw.subarray(1) : raw;
    if (digits.length === 0 || digits[0] === 0 || digits.length > bytes) {
      throw new WireError("a number has another size than its kind");
    }
    const padded = new Uint8Array(bytes);
    padded.set(digits, bytes - digits.length);
    return padded;
  }

  /** Nothing may stand behind what was read. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new WireError("something stands behind its end");
  }
}

export class WireError extends Error {}

/** A string with its length before it. */
export function wireString(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(4 + bytes.length);
  new DataView(whole.buffer).setUint32(0, bytes.length);
  whole.set(bytes, 4);
  return whole;
}
