/**
 * Follows the frames of one direction of a WebSocket (RFC 6455 section 5.2) without looking into them, to
 * know where a frame of our own may stand: between two frames, never inside one.
 */
export class FrameTracker {
  /** Header bytes of an unfinished frame header. */
  readonly #header = Buffer.alloc(14);
  #headerBytes = 0;
  /** Payload bytes of the current frame still to come. */
  #payload = 0;
  #sawClose = false;

  /** A Close frame has begun: no other frame may follow it. */
  get sawClose(): boolean {
    return this.#sawClose;
  }

  /** True between two frames. */
  get atBoundary(): boolean {
    return this.#payload === 0 && this.#headerBytes === 0;
  }

  /** Takes bytes that were relayed. */
  advance(data: Buffer): void {
    let at = 0;
    while (at < data.length) at = this.#step(data, at);
  }

  /** How many of `data`'s bytes still belong to the frame that is under way (all of them when it goes on). */
  untilBoundary(data: Buffer): number {
    let at = 0;
    while (at < data.length && !this.atBoundary) at = this.#step(data, at);
    return at;
  }

  #step(data: Buffer, at: number): number {
    if (this.#payload > 0) {
      const taken = Math.min(this.#payload, data.length - at);
      this.#payload -= taken;
      return at + taken;
    }
    this.#header[this.#headerBytes++] = data[at] as number;
    const size = headerSize(this.#header, this.#headerBytes);
    if (size === this.#headerBytes) {
      this.#payload = payloadLength(this.#header);
      if (((this.#header[0] as number) & 0x0f) === 8) this.#sawClose = true;
      this.#headerBytes = 0;
    }
    return at + 1;
  }
}

/** Size of the frame header that begins with these bytes; 14 while its second byte has not come. */
function headerSize(header: Buffer, bytes: number): number {
  if (bytes < 2) return 14;
  const second = header[1] as number;
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  return 2 + extended + ((second & 0x80) === 0 ? 0 : 4);
}

function payloadLength(header: Buffer): number {
  const short = (header[1] as number) & 0x7f;
  if (short === 126) return header.readUInt16BE(2);
  if (short === 127) return Number(header.readBigUInt64BE(2));
  return short;
}

/** A Close frame; from a client's side it has to be masked (RFC 6455 section 5.3), for which any key will do. */
export function closeFrame(code: number, reason: string, masked: boolean): Buffer {
  const text = Buffer.from(reason).subarray(0, 123);
  const body = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), text]);
  if (!masked) return Buffer.concat([Buffer.from([0x88, body.length]), body]);
  return Buffer.concat([Buffer.from([0x88, 0x80 | body.length, 0, 0, 0, 0]), body]);
}
