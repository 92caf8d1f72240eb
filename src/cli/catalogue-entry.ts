import type { AnyCommand } from "./define-command.ts";

/**
 * A command: its words, one line for the overview, and where it lives. Files are loaded only when
 * their command runs; a test compares this table with the folder.
 */
export interface CatalogueEntry {
  readonly words: readonly string[];
  readonly group: "Daily" | "Releases" | "Findings" | "Settings" | "Server" | "Labs";
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
