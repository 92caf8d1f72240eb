/**
 * How steps are written, a small part of Cucumber Expressions: `{string}` in either quotes, `{int}`,
 * `{word}`, `{pattern}` between slashes, `a/an` for either word, `(s)` for what may be missing. Library steps
 * are all there is, so these patterns are ours alone; each is linear.
 */
const kinds: Readonly<Record<string, string>> = {
  string: `"((?:[^"\\\\]|\\\\.)*)"|'((?:[^'\\\\]|\\\\.)*)'`,
  int: String.raw`(\d{1,9})`,
  word: String.raw`([^\s"']+)`,
  pattern: String.raw`\/((?:[^\\/]|\\.)+)\/`,
};

export interface Expression {
  readonly source: string;
  /** The values of its braces, or null when the text is not this step. */
  match(text: string): readonly string[] | null;
}

export function expression(source: string): Expression {
  const kindsInOrder: string[] = [];
  const pattern = source
    .split(/(\{\w+\}|\(\w+\)|\b\w+\/\w+\b)/)
    .map((part) => {
      const brace = /^\{(\w+)\}$/.exec(part)?.[1];
      if (brace !== undefined) {
        const kind = kinds[brace];
        if (kind === undefined) throw new Error(`no kind {${brace}} in "${source}"`);
        kindsInOrder.push(brace);
        return `(?:${kind})`;
      }
      const optional = /^\((\w+)\)$/.exec(part)?.[1];
      if (optional !== undefined) return `(?:${optional})?`;
      const either = /^(\w+)\/(\w+)$/.exec(part);
      if (either) return `(?:${either[1]}|${either[2]})`;
      return part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
    })
    .join("");
  const whole = new RegExp(`^${pattern}$`, "s");
  return {
    source,
    match(text) {
      const found = whole.exec(text.trim());
      if (!found) return null;
      const groups = found.slice(1);
      const values: string[] = [];
      for (const kind of kindsInOrder) {
        const raw = groups.shift();
        const other = kind === "string" ? groups.shift() : undefined;
        const value = raw ?? other ?? "";
        values.push(kind === "string" ? value.replace(/\\(["'\\])/g, "$1") : value);
      }
      return values;
    },
  };
}
