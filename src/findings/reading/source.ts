/** A report that can be read from its beginning as often as it takes: a spooled file. */
export interface Source {
  open(): AsyncIterable<Uint8Array>;
}

/** How much is read between two looks at what has gathered: the most that waits is what one such part holds. */
const part = 64 * 1_024;

export function* partsOf(chunk: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < chunk.length; at += part) yield chunk.subarray(at, at + part);
}
