/** A JSON document, with or without a byte order mark. Throws with a position where it is none. */
export function parseJson(text: string): unknown {
  return JSON.parse(text.replace(/^\uFEFF/, ""));
}
