import type { Element } from "../xml.ts";

/** An element's name without the prefix that the document gave its namespace. */
export function localName({ name }: Element): string {
  return name.slice(name.indexOf(":") + 1);
}

export function childNamed(element: Element, name: string): Element | undefined {
  return element.children.find((child) => localName(child) === name);
}

export function childrenNamed(element: Element, name: string): readonly Element[] {
  return element.children.filter((child) => localName(child) === name);
}

/** Its text and that of all within it (`<sub>`, `<html:p>`), white space as one blank. */
export function textOf(element: Element | undefined): string {
  if (element === undefined) return "";
  const parts: string[] = [];
  const open: Element[] = [element];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    parts.push(next.text.slice(0, 4_096));
    if (parts.length > 200) break;
    open.push(...next.children.toReversed());
  }
  return parts.join(" ").replace(/\s+/g, " ").trim();
}

/** All of that name, at any depth, in the order of the document. */
export function elementsNamed(root: Element, name: string): readonly Element[] {
  const found: Element[] = [];
  const open: Element[] = [root];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (localName(next) === name) found.push(next);
    for (const child of next.children.toReversed()) open.push(child);
  }
  return found;
}
