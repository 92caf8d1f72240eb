import type { Element } from "../../findings/parsers/xml.ts";

interface Simple {
  readonly name: string | null;
  readonly attributes: readonly (readonly [string, string | null])[];
}

/**
 * Whether a document has what a CSS selector of names, attributes and descendants names. Null for a selector
 * that is not understood: what is not understood must not count as absent.
 */
export function selects(root: Element, selector: string): boolean | null {
  const path = readSelector(selector.trim());
  if (path === null) return null;
  return search([root], path);
}

function readSelector(text: string): readonly Simple[] | null {
  const part =
    /(?:^|\s+)([A-Za-z_][\w.-]*|\*)?((?:\[[A-Za-z_][\w:.-]*(?:=(?:"[^"\]]*"|'[^'\]]*'|[\w-]+))?\])*)(?=\s|$)/y;
  const path: Simple[] = [];
  while (part.lastIndex < text.length) {
    const found = part.exec(text);
    if (found === null || found[0].trim() === "") return null;
    const attributes = [...(found[2] ?? "").matchAll(/\[([\w:.-]+)(?:=["']?([^"'\]]*)["']?)?\]/g)];
    path.push({
      name: found[1] === undefined || found[1] === "*" ? null : found[1],
      attributes: attributes.map(([, name = "", value]) => [name, value ?? null] as const),
    });
  }
  return path.length === 0 || path.length > 20 ? null : path;
}

function search(elements: readonly Element[], [first, ...rest]: readonly Simple[]): boolean {
  if (first === undefined) return true;
  // The outermost fit is enough: whatever lies in one further in lies in it as well. So this is linear.
  return elements.some((element) =>
    fits(element, first)
      ? rest.length === 0 || search(element.children, rest)
      : search(element.children, [first, ...rest]),
  );
}

function fits({ name, attributes }: Element, wanted: Simple): boolean {
  return (
    (wanted.name === null || wanted.name === name) &&
    wanted.attributes.every(([key, value]) => {
      const found = attributes.get(key);
      return found !== undefined && (value === null || found === value);
    })
  );
}
