/** A place in JSON: `items[0].name`, `$.a.b`, or `$` for the whole. Keys with other characters: `["a b"]`. `items.length` counts. */
const part = /\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\["([^"\\]*)"\]/y;

/** The parts of a path, or null when it is not one. */
export function parseJsonPath(path: string): readonly (string | number)[] | null {
  const text = path.startsWith("$") ? path.slice(1).replace(/^\./, "") : path;
  if (text === "") return path === "$" ? [] : null;
  const parts: (string | number)[] = [];
  part.lastIndex = 0;
  while (part.lastIndex < text.length) {
    const found = part.exec(text);
    if (found === null) return null;
    const [, key, index, quoted] = found;
    parts.push(index === undefined ? (key ?? quoted ?? "") : Number(index));
  }
  return parts;
}

/** The value there; `undefined` when there is none. */
export function readJsonPath(data: unknown, parts: readonly (string | number)[]): unknown {
  let current = data;
  for (const key of parts) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) {
      return undefined;
    }
    current = (current as Record<string | number, unknown>)[key];
  }
  return current;
}
