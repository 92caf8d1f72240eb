/** An object of a document that somebody else wrote. */
export type Node = Readonly<Record<string, unknown>>;

/** Local references only (`#/components/…`), and not for ever. */
export function follow(root: Node, value: unknown, depth = 0): unknown {
  const reference = nodeOf(value)["$ref"];
  if (typeof reference !== "string") return value;
  if (depth > 20 || !reference.startsWith("#/")) return undefined;
  let current: unknown = root;
  for (const part of reference.slice(2).split("/")) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const node = nodeOf(current);
    if (!Object.hasOwn(node, key)) return undefined;
    current = node[key];
  }
  return follow(root, current, depth + 1);
}

export function nodeOf(value: unknown): Node {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Node)
    : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
