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
  /** It has a UTF-16 mark and holds text that is none: whoever reads it need not believe the mark. */
  readonly doubtful: boolean;
  /** What stands in it as UTF-16, whatever it says of itself; nothing where nothing looks like it. */
  readonly utf16Texts: readonly string[];
}

export function sourceFile(
  of: Pick<SourceFile, "path" | "size" | "executable" | "bytes"> & { readonly firstLine?: number },
): SourceFile {
  let text: string | undefined;
  const { bytes } = of;
  const encoding = encodingOf(bytes);
  return {
    firstLine: 1,
    ...of,
    binary: encoding === "binary",
    doubtful: encoding === "doubtful",
    get text() {
      text ??= decode(bytes, encoding);
      return text;
    },
    get utf16Texts() {
      return utf16Texts(bytes);
    },
  };
}

type Encoding = "utf8" | "utf16le" | "utf16be" | "binary" | "latin1" | "doubtful";

/** Units of two ASCII characters that a marked file may have by chance: single Chinese or Japanese letters. */
const maxAsciiPairs = 8;

function encodingOf(bytes: Buffer): Encoding {
  const marked = markOf(bytes);
  // Two bytes at the front must not turn a whole file into letters that no rule knows.
  if (marked !== null) return asciiPairs(bytes) > maxAsciiPairs ? "doubtful" : marked;
  if (bytes.subarray(0, 8_192).includes(0)) return "binary";
  return isUtf8(bytes) ? "utf8" : "latin1";
}

function markOf(bytes: Buffer): "utf16le" | "utf16be" | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf16be" : null;
}

/** Pairs of bytes that are both ASCII text, as in a file that is no UTF-16. */
function asciiPairs(bytes: Buffer): number {
  let count = 0;
  for (let at = 2; at + 1 < bytes.length && count <= maxAsciiPairs; at += 2) {
    if (isAscii(bytes[at]) && isAscii(bytes[at + 1])) count += 1;
  }
  return count;
}

function isAscii(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d));
}

/** ASCII text as UTF-16 has it, in either order of bytes and from an even or odd place on. */
const asciiAsUtf16 = /(?:[\t-\r -~]\0){6}/;

/**
 * Both ways to pair the bytes, little-endian: one of them shows ASCII of either order, which is all that a rule
 * looks for. Asked of each window for itself: those after the first have no mark.
 */
function utf16Texts(bytes: Buffer): readonly string[] {
  if (markOf(bytes) === null && !asciiAsUtf16.test(bytes.toString("latin1"))) return [];
  return [0, 1].map((from) =>
    bytes
      .subarray(from)
      .toString("utf16le")
      .replace(/^\uFEFF/, ""),
  );
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
