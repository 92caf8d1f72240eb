import { readText } from "../reading/read-text.ts";
import { formats } from "./formats.ts";
import type { Parser } from "./parser.ts";

/** Every format of raw reports that observations can be read from, by the id that adapters name. */
export const parsers: ReadonlyMap<string, Parser> = new Map<string, Parser>(
  formats.map((format) => [
    format.id,
    { format: format.id, parse: (text: string) => readText(format, text) },
  ]),
);
