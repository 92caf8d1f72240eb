import { isUtf8 } from "node:buffer";
import { TextDecoder } from "node:util";
import { reportError } from "./report-error.ts";

/**
 * A report's bytes as UTF-8 without a byte order mark, as they arrive. UTF-16 (with its mark: a shell of Windows writes
 * it) and the encoding that an XML document declares are translated. What is none of these, compressed, or holds a NUL
 * is refused with the byte.
 */
export class Decoder {
  readonly #write: (chunk: Buffer) => void;
  #decoder: TextDecoder | null = null;
  #sniffed = false;
  #held: Buffer = Buffer.alloc(0);
  /** Bytes at the end of the last chunk that begin a character. */
  #half: Buffer = Buffer.alloc(0);
  #before = 0;

  constructor(write: (chunk: Buffer) => void) {
    this.#write = write;
  }

  write(bytes: Uint8Array): void {
    let chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!this.#sniffed) {
      chunk = Buffer.concat([this.#held, chunk]);
      if (chunk.length < 256) {
        this.#held = chunk;
        return;
      }
      chunk = this.#sniff(chunk);
    }
    this.#pass(chunk);
  }

  end(): void {
    if (!this.#sniffed) this.#pass(this.#sniff(this.#held));
    if (this.#decoder !== null) this.#emit(this.#decode());
    if (this.#half.length > 0) throw notUtf8(this.#before - this.#half.length);
  }

  #sniff(chunk: Buffer): Buffer {
    this.#sniffed = true;
    this.#held = Buffer.alloc(0);
    if (chunk[0] === 0x1f && chunk[1] === 0x8b) throw packed("gzip", "gunzip");
    if (chunk.subarray(0, 4).toString("latin1") === "PK\u0003\u0004") throw packed("zip", "unzip");
    if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) return chunk.subarray(3);
    const mark = chunk.length < 2 ? 0 : chunk.readUInt16BE(0);
    if (mark === 0xff_fe || mark === 0xfe_ff) {
      this.#decoder = new TextDecoder(mark === 0xff_fe ? "utf-16le" : "utf-16be", { fatal: true });
      return chunk;
    }
    const declared = /^<\?xml[^>]{0,100}encoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(
      chunk.subarray(0, 200).toString("latin1"),
    )?.[1];
    if (declared !== undefined && !/^(utf-?8|us-ascii|ascii)$/i.test(declared)) {
      this.#decoder = decoderOf(declared);
    }
    return chunk;
  }

  #pass(chunk: Buffer): void {
    this.#emit(this.#decoder === null ? chunk : this.#decode(chunk));
  }

  #decode(chunk?: Buffer): Buffer {
    try {
      return Buffer.from(
        chunk === undefined
          ? (this.#decoder?.decode() ?? "")
          : (this.#decoder?.decode(chunk, { stream: true }) ?? ""),
      );
    } catch (error) {
      throw reportError(
        `after byte ${this.#before}: the text is not of the encoding ${this.#decoder?.encoding} that it names`,
        { cause: error },
      );
    }
  }

  #emit(chunk: Buffer): void {
    const nul = chunk.indexOf(0);
    if (nul >= 0) {
      throw reportError(`byte ${this.#before + nul} is NUL: this is no text`, {
        hint: "Reports are text in UTF-8, or in UTF-16 with its byte order mark.",
      });
    }
    const all = this.#half.length === 0 ? chunk : Buffer.concat([this.#half, chunk]);
    const whole = all.length - halfAt(all);
    const text = all.subarray(0, whole);
    if (!isUtf8(text)) throw notUtf8(this.#before - this.#half.length + firstBad(text));
    this.#before += chunk.length;
    this.#half = Buffer.from(all.subarray(whole));
    if (text.length > 0) this.#write(text);
  }
}

function decoderOf(name: string): TextDecoder {
  try {
    return new TextDecoder(name, { fatal: true });
  } catch (error) {
    throw reportError(`its XML declaration names the encoding ${name}, which nobody knows here`, {
      cause: error,
    });
  }
}

function packed(kind: string, program: string): Error {
  return reportError(`it is packed (${kind})`, { hint: `Unpack it first: ${program}.` });
}

function notUtf8(at: number): Error {
  return reportError(`byte ${at} is not UTF-8`, {
    hint: "Write the report in UTF-8, or in UTF-16 with its byte order mark.",
  });
}

/** How many bytes at the end begin a character of UTF-8 that is not whole yet. */
function halfAt(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80 || byte >= 0xf8) return 0;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < length ? back : 0;
  }
  return 0;
}

function firstBad(bytes: Buffer): number {
  let low = 0;
  let high = bytes.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const part = bytes.subarray(0, middle);
    if (isUtf8(part.subarray(0, middle - halfAt(part)))) low = middle;
    else high = middle;
  }
  return low - halfAt(bytes.subarray(0, low));
}
