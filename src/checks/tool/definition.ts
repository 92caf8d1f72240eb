import type { z } from "zod";
import type { Check, CheckContext, Touch } from "../../ports/check.ts";
import type { Exercised } from "../../model/verdict.ts";
import type { Order } from "./order.ts";

/** How far a tool adapter was shown to work; `tidelock doctor` and docs/checks.md say it too. */
export type Proof =
  /** Run against the real program; with the version that was. */
  | { readonly kind: "proven"; readonly version: string }
  /** Never run against the real program, and why. */
  | { readonly kind: "unproven"; readonly why: string };

/** What the scan of one configuration needs, beside the definition. Words in braces: see `Order`. */
export interface Plan {
  readonly argv: readonly string[];
  /** Files in the run's own folder (`{home}/name`): rules and settings of ours or of the server's owner. */
  readonly files?: Readonly<Record<string, string>>;
  /** Rules and other data it decides by, with version or digest. */
  readonly data?: Readonly<Record<string, string>>;
  /** Globs that the pipeline leaves out of what is scanned. */
  readonly exclude?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What `read` has to know of the configuration and of what was scanned. */
  readonly expect?: Readonly<Record<string, number | string | readonly string[]>>;
}

/** What an adapter reads out of a whole report, to say what was exercised and whether all of it was. */
export interface Reading {
  readonly exercised: Partial<Exercised>;
  /** What the tool says it could not do; one makes the scan `partial`. */
  readonly problems?: readonly string[];
  /** Why it saw too little to mean anything (a login page only): `inconclusive`. */
  readonly thin?: string;
  /** What the configuration asked for and is not so: `fail`. */
  readonly unmet?: readonly string[];
  /** What makes the whole report worthless: `error`. */
  readonly broken?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** What is known beside the report when it is read. */
export interface RunFacts {
  /** The configuration, as `plan` got it. */
  readonly plan: Plan;
  /** Files of the tree that concern the tool. */
  readonly concerned: number;
  readonly exitCode: number;
  /** The ends of its two streams, for tools that say there what they did. */
  readonly stdout: string;
  readonly stderr: string;
  readonly probes: readonly string[];
  readonly tally: { readonly lines: number; readonly different: number };
}

/** The scanned tree as one tool sees it; patterns are ours, linear, and match paths with `/`. */
export interface TreeInterest {
  readonly concerns: RegExp;
  /** Of those, only files whose first 4 KiB match. */
  readonly content?: RegExp;
  /** Its settings and ignore lists that no switch turns off: left out of what it scans. */
  readonly leaveOut?: RegExp;
  /** Words of its inline comments that no switch turns off: made harmless in a copy. */
  readonly defuse?: RegExp;
  /** What is put into the copy, e.g. an ignore list that ignores nothing. */
  readonly put?: Readonly<Record<string, string>>;
  /** Whatever asks it to look away, by file name and by words: reported. */
  readonly asking: { readonly names?: RegExp; readonly words?: RegExp };
}

/** An external program as a check. All that differs between tools stands here. */
export interface ToolDefinition<Schema extends z.ZodType> extends Pick<
  Check<Schema>,
  "id" | "schema" | "cost" | "disturbs" | "sensitiveTo" | "scans" | "engine"
> {
  readonly touch: Touch;
  readonly programs: readonly string[];
  /** A command that a person types to get it. */
  readonly install: string;
  readonly proof: Proof;
  /** argv of the version probe, and a pattern whose first group is the version. */
  readonly version: { readonly argv: readonly string[]; readonly pattern: RegExp };
  /** Further questions before the scan, e.g. the age of its database; answers come in `RunFacts.probes`. */
  readonly probes?: readonly (readonly string[])[];
  /** Flags that not every version has: given where the answer to a probe (by its place) names them. */
  readonly argvIf?: Order["argvIf"];
  /** Lines of output that show what it does; the first group tells one thing from another. */
  readonly tally?: RegExp;
  /** Null for tools that look at no files. */
  readonly tree: TreeInterest | null;
  /** Default `tree`. `home` for programs that read settings, or worse, from the folder they start in. */
  readonly startsIn?: Order["startsIn"];
  /** Whether the paths of concerned files are put behind argv. */
  readonly listFiles?: boolean;
  /** Exit codes after which the report is whole; every other one is an error, 0 included if it is not here. */
  readonly wholeExits: readonly number[];
  /** `name`: of the file, where the program goes by its ending. */
  readonly report: {
    readonly from: "stdout" | "file";
    readonly format: string;
    readonly name?: string;
  };
  /** `none`: it needs none. `target`: only what is tested. `source`: it asks for advisories elsewhere. */
  readonly network: "none" | "target" | "source";
  /** A throw means that the configuration cannot be run here (no instance, no rules): the verdict `error`. */
  plan(configuration: z.output<Schema>, context: CheckContext): Plan;
  /** @param report parsed when the format is JSON (see `jsonFormats`), else its text */
  read(report: unknown, facts: RunFacts): Reading;
}
