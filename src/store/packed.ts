import { type RawBuilder, sql } from "kysely";

/**
 * Many long values as one parameter, and where each of them begins and ends in it. As elements of an array they would be
 * escaped here and read character by character there; as parameters of their own the statement would be parsed anew for
 * every number of them.
 */
export interface Packed {
  readonly bytes: Buffer;
  /** From 1, as SQL counts. */
  readonly from: readonly number[];
  readonly size: readonly number[];
}

export function pack(values: readonly (string | Uint8Array)[]): Packed {
  const size = values.map((value) => Buffer.byteLength(value));
  const bytes = Buffer.allocUnsafe(size.reduce((sum, one) => sum + one, 0));
  let at = 0;
  const from = values.map((value, index) => {
    const begin = at;
    if (typeof value === "string") bytes.write(value, begin);
    else bytes.set(value, begin);
    at += size[index] ?? 0;
    return begin + 1;
  });
  return { bytes, from, size };
}

/** The value whose place the columns `from` and `size` tell, as bytes. */
export function unpacked({ bytes }: Packed, from: string, size: string): RawBuilder<unknown> {
  return sql`substring(${bytes}::bytea from ${sql.ref(from)} for ${sql.ref(size)})`;
}

/** The same for a text. */
export function unpackedText(packed: Packed, from: string, size: string): RawBuilder<unknown> {
  return sql`convert_from(${unpacked(packed, from, size)}, 'UTF8')`;
}

/** In parts whose values take no more than this together, one longer value alone. Bytes. */
export const mostPacked = 16_000_000;

export function parts<T>(items: readonly T[], sizeOf: (item: T) => number): readonly T[][] {
  const made: T[][] = [];
  let room = 0;
  for (const item of items) {
    const size = sizeOf(item);
    const last = made.at(-1);
    if (last === undefined || size > room) {
      made.push([item]);
      room = mostPacked - size;
    } else {
      last.push(item);
      room -= size;
    }
  }
  return made;
}
