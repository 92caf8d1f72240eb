import { type Element, attributeOf } from "../xml.ts";

/** The text of the cell with that key, in the table of a script. */
export function valueOf(table: Element, key: string): string | undefined {
  return table.children.find((cell) => attributeOf(cell, "key") === key)?.text.trim();
}
