import type { AnyCommand } from "./define-command.ts";

/** Headings of `tidelock --help` and of docs/commands.md, in their order. */
export const groups = [
  "Daily",
  "Releases",
  "Findings",
  "People",
  "Settings",
  "Server",
  "Labs",
] as const;
type Group = (typeof groups)[number];

/**
 * A command: its words, one line for the overview, and where it lives. Files are loaded only when
 * their command runs; a test compares this table with the folder.
 */
export interface CatalogueEntry {
  readonly words: readonly string[];
  readonly group: Group;
  readonly summary: string;
  readonly load: () => Promise<AnyCommand>;
}

type Loaded = Promise<{ readonly command: AnyCommand }>;

export function entry(
  path: string,
  group: CatalogueEntry["group"],
  summary: string,
  load: () => Loaded,
): CatalogueEntry {
  return {
    words: path.split(" "),
    group,
    summary,
    load: async () => (await load()).command,
  };
}
