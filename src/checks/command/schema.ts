import { z } from "zod";
import { parseJsonPath } from "../json-path.ts";
import { isPattern } from "../safe-match.ts";

/** What an exit code may be told to mean. */
const CodeVerdict = z.enum(["pass", "warn", "fail", "inconclusive", "partial", "error"]);

export const CommandConfiguration = z.strictObject({
  /** An argv array; never a shell string. */
  command: z
    .array(z.string().max(32_768))
    .min(1)
    .max(1_000)
    .refine(([program]) => program !== "", "the first word is the program"),
  /** Further variables; those that begin with `TIDELOCK_` are ours. */
  env: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "use letters, digits and underscores")
        .refine((name) => !name.startsWith("TIDELOCK_"), "names with TIDELOCK_ are set by us"),
      z.string().max(32_768),
    )
    .default({}),
  /** `release`: the unpacked, read-only release; `empty`: a folder with nothing in it. */
  in: z.enum(["release", "empty"]).default("release"),
  /** What the program does to the service. `intrusive` is never run on a colour that users meet. */
  touch: z.enum(["files", "passive", "intrusive"]).default("intrusive"),
  /** Exit code to verdict. A code that is not listed is `otherwise`. */
  exitCodes: z
    .record(
      z.string().regex(/^(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/, "an exit code is 0 to 255"),
      CodeVerdict,
    )
    .default({ "0": "pass" }),
  otherwise: z.enum(["fail", "inconclusive", "error"]).default("fail"),
  /**
   * How the output shows that something was tested: a pattern whose first group is a number, or a place
   * in JSON output. Below `atLeast`, and where there is no number, a pass is inconclusive.
   */
  minimum: z
    .discriminatedUnion("from", [
      z.strictObject({
        from: z.literal("text"),
        pattern: z
          .string()
          .min(1)
          .max(1_000)
          .refine(isPattern, "this is not a regular expression (JavaScript's syntax)")
          .refine(hasOneGroup, "put the number in a group: `(\\d+) passed`"),
        atLeast: z.int().min(1).default(1),
      }),
      z.strictObject({
        from: z.literal("json"),
        path: z
          .string()
          .refine((path) => parseJsonPath(path) !== null, "write a path like `stats.passes`"),
        atLeast: z.int().min(1).default(1),
      }),
    ])
    .optional(),
  /** What a parser knows the output by, e.g. `sarif`, `junit`. */
  format: z
    .string()
    .regex(/^[a-z][a-z0-9.-]{0,63}$/, "use lower-case letters, digits, dots and dashes")
    .default("text"),
});
export type CommandConfiguration = z.infer<typeof CommandConfiguration>;

function hasOneGroup(pattern: string): boolean {
  // An empty alternative always matches, and its result shows how many groups there are.
  return !isPattern(pattern) || (new RegExp(`${pattern}|`).exec("")?.length ?? 0) > 1;
}
