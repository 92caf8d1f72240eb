import { z } from "zod";
import { SuppressionRequest } from "../../model/observation.ts";

/** A JavaScript pattern as text, and its flags. Ours alone, and linear: they meet hostile texts. */
export interface Pattern {
  readonly source: string;
  readonly flags: string;
}

/**
 * What the harness is told (in its environment, as JSON). In `argv` and `list` these words stand for what
 * only it knows: `{home}` the run's own folder, `{tree}` what is scanned (also the working directory),
 * `{report}` the file that the report is expected in.
 */
export interface Order {
  readonly programs: readonly string[];
  /** Looked through in this order; the program's real place must not lie in the scanned tree. */
  readonly folders: readonly string[];
  /** Asked before the scan: version, age of data. Their output comes back. */
  readonly probes: readonly (readonly string[])[];
  /** Null: it looks at no files, and runs in an empty folder. */
  readonly tree: {
    /** Files the tool has an opinion about, by their path. */
    readonly concerns: Pattern;
    /** Further: files whose head (4 KiB) has to match as well. */
    readonly content?: Pattern;
    /** Globs that the pipeline leaves out. */
    readonly exclude: readonly string[];
    /** The tool's own settings and ignore lists: not in what it scans. */
    readonly leaveOut: Pattern | null;
    /** Words by which a comment asks the tool to look away and that it has no switch for: made harmless. */
    readonly defuse: Pattern | null;
    /** Files that are put where the tool looks for its settings, in the copy. */
    readonly put: Readonly<Record<string, string>>;
    /** What to report as a request to look away: by name, and by words in a text. */
    readonly askingName: Pattern | null;
    readonly askingWords: Pattern | null;
  } | null;
  /** Files in the run's own folder, by name: rules, settings. */
  readonly files: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  /** Put before `argv` where the answer to a probe (by its place) holds these words: flags of newer versions. */
  readonly argvIf: readonly {
    readonly probe: number;
    readonly says: string;
    readonly argv: readonly string[];
  }[];
  /** Lines of output that show what it does; its first group tells one thing from another. */
  readonly tally: Pattern | null;
  /** Where the program is started: some read settings from there. Without a tree always in the run's own folder. */
  readonly startsIn: "tree" | "home";
  /** Whether the concerned files stand behind argv. */
  readonly list: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly report: "stdout" | "file";
  /** Of the file; `report` where none is given. */
  readonly reportName?: string;
  /** Bytes of the report at most; a longer one ends the run. */
  readonly reportBytes: number;
}

/** How the harness answers, as one line on stderr; the report itself goes to stdout. */
export const Reply = z.object({
  /** Why nothing was run. */
  trouble: z
    .object({ kind: z.enum(["missing", "nothing", "failed"]), text: z.string().max(2_000) })
    .nullable(),
  program: z.object({ path: z.string(), sha256: z.string() }).nullable(),
  probes: z.array(z.object({ exitCode: z.int().nullable(), text: z.string() })),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  /** Why it was ended by us. */
  stopped: z.string().nullable(),
  /** Where the report was expected in a file: what is wrong with that file. */
  reportTrouble: z.string().nullable(),
  /** Lines of output like `tally`, and how many different things they name. */
  tally: z.object({ lines: z.int().nonnegative(), different: z.int().nonnegative() }),
  /** What was scanned: paths in the report begin with it. */
  base: z.string(),
  stdoutTail: z.string(),
  stderrTail: z.string(),
  /** Of the tree. */
  files: z.int().nonnegative(),
  concerned: z.int().nonnegative(),
  excluded: z.int().nonnegative(),
  /** Whether a copy was scanned, because something was left out or made harmless. */
  copied: z.boolean(),
  leftOut: z.array(z.string()),
  defused: z.int().nonnegative(),
  /** Files that could not be looked through. */
  unread: z.array(z.string()),
  asked: z.array(SuppressionRequest.omit({ tool: true })),
  durationMs: z.number(),
});
export type Reply = z.infer<typeof Reply>;
