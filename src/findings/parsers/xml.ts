import { XmlBuilder } from "../reading/xml-cutter.ts";
import { XmlReader } from "../reading/xml-reader.ts";

/** An element; text between its children is not kept apart from its own. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  readonly text: string;
}

/** No scanner's report nests deeper; a hostile one might. */
const maxDepth = 200;
/** A document that is held as a whole costs at most this much, in characters. */
const longest = 64 * 1_024 * 1_024;

/** Reads a document that is held as a whole, by the rules of XmlReader; throws what that throws. */
export function parseXml(text: string): Element {
  const builder = new XmlBuilder(longest, () => new Error("XML: the document is too large"));
  const reader = new XmlReader(builder, { depth: maxDepth });
  reader.write(text);
  reader.end();
  if (builder.root === undefined) throw new Error("XML at offset 0: there is no document");
  return builder.root;
}

/** The children of that name. */
export function childrenOf(element: Element, name: string): readonly Element[] {
  return element.children.filter((child) => child.name === name);
}

export function childOf(element: Element, name: string): Element | undefined {
  return element.children.find((child) => child.name === name);
}

export function attributeOf(element: Element | undefined, name: string): string | undefined {
  return element?.attributes.get(name);
}

/** What a format's `open` is given of an XML document: its root without its items. Throws for another root. */
export function rootOf(frame: unknown, name: string): Element {
  const root = frame as Element;
  if (root.name !== name) throw new Error(`<${name}> is missing, not <${root.name}>`);
  return root;
}
