import type { Draft } from "../observe.ts";
import { observe, type Observing } from "../observe.ts";
import { parseJson } from "../parsers/json.ts";
import type { Format, ItemPath, ItemPlace } from "../parsers/format.ts";
import type { Parsed } from "../parsers/parser.ts";
import { type Element, parseXml } from "../parsers/xml.ts";

/** A report that is held as a whole: what checks hand back, at most 16 MiB. Throws what its format throws. */
export function readText(format: Format, text: string, observing?: Observing): Parsed {
  const { frame, items } = split(format, text);
  const reader = format.open(frame);
  const drafts: Draft[] = [];
  for (const { value, at } of items) drafts.push(...(reader.item?.(value, at) ?? []));
  const summary = reader.end();
  drafts.push(...(summary.drafts ?? []));
  const all = drafts.map((draft) => observe(draft, observing));
  const { tool, exercised, complete, missing } = summary;
  return {
    observations: all.filter(isHit),
    claims: all.filter((one) => !isHit(one)),
    complete,
    ...(missing === undefined ? {} : { missing }),
    ...(tool === undefined ? {} : { tool }),
    ...(exercised === undefined ? {} : { exercised }),
    ...(summary.subject === undefined ? {} : { subject: summary.subject }),
    ...(summary.madeAt === undefined ? {} : { madeAt: summary.madeAt }),
  };
}

const noHits: ReadonlySet<string | undefined> = new Set([
  "not-affected",
  "fixed",
  "false-positive",
]);

function isHit({ claim }: { claim?: { status: string } | undefined }): boolean {
  return !noHits.has(claim?.status);
}

interface Split {
  readonly frame: unknown;
  readonly items: readonly { readonly value: unknown; readonly at: ItemPlace }[];
}

function split(format: Format, text: string): Split {
  const plain = text.replace(/^\uFEFF/, "");
  switch (format.syntax) {
    case "json":
      return inPasses(format, (take) => cutJson(parseJson(plain), format.items ?? [], take));
    case "xml":
      return inPasses(format, (take) => cutXml(parseXml(plain), format.items ?? [], take));
    case "text":
      return { frame: null, items: plain.split(/\r?\n/).map(numbered) };
    case "lines":
      return { frame: null, items: jsonValues(plain).map(numbered) };
    case "csv": {
      const [header = [], ...rows] = csvRows(plain);
      const record = (row: readonly string[]) =>
        Object.fromEntries(header.map((name, index) => [name, row[index] ?? ""]));
      return { frame: header, items: rows.map(record).map(numbered) };
    }
  }
}

type Take = (value: unknown, at: ItemPlace) => void;

function inPasses(format: Format, cut: (take: Take) => unknown): Split {
  const items: { value: unknown; at: ItemPlace }[] = [];
  const frame = cut((value, at) => items.push({ value, at }));
  const passOf = ({ at }: { at: ItemPlace }) => format.items?.[at.item]?.pass ?? 1;
  return {
    frame,
    items: [1, 2].flatMap((pass) => items.filter((one) => passOf(one) === pass)),
  };
}

function numbered(value: unknown, index: number): { value: unknown; at: ItemPlace } {
  return { value, at: { item: 0, keys: [index] } };
}

/** The document without its items; arrays that held them are empty. */
function cutJson(value: unknown, paths: readonly ItemPath[], take: Take): unknown {
  const walk = (
    here: unknown,
    depth: number,
    live: readonly number[],
    keys: readonly (string | number)[],
  ): unknown => {
    if (live.length === 0 || here === null || typeof here !== "object") return here;
    const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(here)
      ? here.map((one, index) => [index, one] as const)
      : Object.entries(here);
    const kept = entries.flatMap(([key, child]) => {
      const next = live.filter((path) => {
        const word = paths[path]?.path[depth];
        return word === "*" || word === String(key);
      });
      const item = next.find((path) => paths[path]?.path.length === depth + 1);
      const starred = next.some((path) => paths[path]?.path[depth] === "*");
      const names = starred ? [...keys, key] : keys;
      if (item !== undefined) {
        take(child, { item, keys: names });
        return [];
      }
      return [[key, walk(child, depth + 1, next, names)] as const];
    });
    return Array.isArray(here) ? kept.map(([, child]) => child) : Object.fromEntries(kept);
  };
  return walk(value, 0, [...paths.keys()], []);
}

function cutXml(root: Element, paths: readonly ItemPath[], take: Take): Element {
  const walk = (element: Element, names: readonly string[]): Element => ({
    ...element,
    children: element.children.flatMap((child) => {
      const path = [...names, child.name];
      const item = paths.findIndex((one) => fits(one.path, path));
      if (item === -1) return [walk(child, path)];
      take(child, { item, keys: [] });
      return [];
    }),
  });
  return walk(root, [root.name]);
}

function fits([first, ...rest]: readonly string[], [name, ...names]: readonly string[]): boolean {
  if (first === undefined) return name === undefined;
  if (first === "**") {
    return (
      fits(rest, [...(name === undefined ? [] : [name]), ...names]) ||
      (name !== undefined && fits([first, ...rest], names))
    );
  }
  return name !== undefined && (first === "*" || first === name) && fits(rest, names);
}

function jsonValues(text: string): readonly unknown[] {
  if (text.trimStart().startsWith("[")) return parseJson(text) as readonly unknown[];
  if (text.trim() === "") throw new Error("it is empty");
  const values: unknown[] = [];
  let open = "";
  for (const line of text.split("\n")) {
    open += open === "" ? line : `\n${line}`;
    if (open.trim() === "") {
      open = "";
      continue;
    }
    try {
      values.push(JSON.parse(open));
      open = "";
    } catch {
      // One that is printed over many lines ends later.
    }
  }
  if (open.trim() !== "") throw new Error("it ends in the middle of a value");
  return values;
}

function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  while (cell.lastIndex < text.length) {
    const found = cell.exec(text);
    if (!found) throw new Error("it is no CSV (RFC 4180)");
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] !== ",") {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}
