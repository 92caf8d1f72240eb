import { isUtf8 } from "node:buffer";

/** A file, or a window of one that is too long to hold, as a scanner sees it. */
export interface SourceFile {
  readonly path: string;
  /** Bytes of the whole file. */
  readonly size: number;
  readonly executable: boolean;
  readonly bytes: Buffer;
  /** Line number of the first line of `bytes`: 1 unless this is a later window. */
  readonly firstLine: number;
  /** Decoded once, when first asked for. */
  readonly text: string;
  /** It holds zero bytes and no UTF-16 mark: an image, a program, an archive. */
  readonly binary: boolean;
}

export function sourceFile(
  of: Omit<SourceFile, "text" | "binary" | "firstLine"> & { readonly firstLine?: number },
): SourceFile {
  let text: string | undefined;
  const { bytes } = of;
  const encoding = encodingOf(bytes);
  return {
    firstLine: 1,
    ...of,
    binary: encoding === "binary",
    get text() {
      text ??= decode(bytes, encoding);
      return text;
    },
  };
}

type Encoding = "utf8" | "utf16le" | "utf16be" | "binary" | "latin1";

function encodingOf(bytes: Buffer): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf16be";
  if (bytes.subarray(0, 8_192).includes(0)) return "binary";
  return isUtf8(bytes) ? "utf8" : "latin1";
}

/** Bytes that are no UTF-8 must not hide a file: they are read as Latin-1, in which every byte is a letter. */
function decode(bytes: Buffer, encoding: Encoding): string {
  if (encoding === "utf8") return bytes.toString("utf8").replace(/^\uFEFF/, "");
  if (encoding === "utf16le") return bytes.subarray(2).toString("utf16le");
  if (encoding === "utf16be") {
    const even = bytes.subarray(2, bytes.length - (bytes.length % 2));
    return Buffer.from(even).swap16().toString("utf16le");
  }
  return bytes.toString("latin1");
}

/** Turns an offset in a text into line and column, both from 1. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
      this.#starts.push(at + 1);
    }
  }

  at(offset: number): { line: number; column: number } {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }

  /** Offset of the first character of a line (from 1). */
  startOf(line: number): number {
    return this.#starts[line - 1] ?? 0;
  }
}
