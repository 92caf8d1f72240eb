import type { Parser } from "./parser.ts";
import { sarif } from "./sarif/index.ts";

/** Every format of raw reports that observations can be read from, by the id that adapters name. */
export const parsers: ReadonlyMap<string, Parser> = new Map<string, Parser>(
  [sarif].map((parser) => [parser.format, parser]),
);
