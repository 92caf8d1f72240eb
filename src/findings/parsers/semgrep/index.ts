import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { cweIn, type Draft, quoted, severityOfWord } from "../../observe.ts";
import { fieldsOf, type Format, isRecord } from "../format.ts";

const texts = z.union([z.string().transform((one) => [one]), z.array(z.string())]).catch([]);

const Frame = z.object({
  version: z.string().optional(),
  results: z.tuple([]),
  errors: z
    .array(z.looseObject({ message: z.string().default("an error"), level: z.string().optional() }))
    .default([]),
  paths: z.object({ scanned: z.array(z.string()).nullish() }).nullish(),
});

/** What variables of a pattern stood for (`metavars`) is not read: it may be a secret. */
const Result = z.object({
  check_id: z.string(),
  path: z.string(),
  start: z.object({ line: z.number().optional() }).default({}),
  extra: z.object({
    message: z.string().default(""),
    severity: z.string().default(""),
    fingerprint: z.string().optional(),
    lines: z.string().optional(),
    is_ignored: z.boolean().nullish(),
    metadata: z
      .looseObject({
        cwe: texts,
        impact: z.string().optional().catch(undefined),
        references: texts,
        category: z.string().optional().catch(undefined),
      })
      .nullish(),
    /** Of a package rather than of code. */
    sca_info: z
      .object({
        reachable: z.boolean().optional(),
        dependency_match: z.object({
          found_dependency: z.object({ package: z.string(), version: z.string().default("") }),
          lockfile: z.string().optional(),
        }),
      })
      .nullish()
      .catch(undefined),
  }),
});
type Result = z.infer<typeof Result>;

/** Old and new words of semgrep's for the same. */
const severities: Readonly<Record<string, Severity>> = {
  critical: "critical",
  error: "high",
  high: "high",
  warning: "medium",
  medium: "medium",
  info: "low",
  low: "low",
  inventory: "info",
  experiment: "info",
};

/** `semgrep --json`. Errors of any level but a warning mean that something was not looked at. */
export const semgrep: Format = {
  id: "semgrep",
  title: "Semgrep (JSON)",
  syntax: "json",
  items: [{ path: ["results", "*"] }],
  recognise(sample) {
    const fields = fieldsOf(sample);
    const results = fields?.["results"];
    if (fields === undefined || !Array.isArray(results)) return false;
    if (!Array.isArray(fields["errors"]) || "metrics" in fields) return false;
    const [first] = results;
    return first === undefined || (isRecord(first) && "check_id" in first && "extra" in first);
  },
  open(frame) {
    const { version, errors, paths } = Frame.parse(frame);
    const bad = errors[0];
    const files = paths?.scanned?.length ?? 0;
    return {
      item: (value) => [hitOf(Result.parse(value))],
      end: () => ({
        ...(version === undefined ? {} : { tool: { name: "semgrep", version } }),
        ...(files === 0 ? {} : { exercised: { files } }),
        complete: bad === undefined,
        ...(bad === undefined ? {} : { missing: bad.message.slice(0, 500) }),
      }),
    };
  },
};

function hitOf({ check_id: rule, path, start, extra }: Result): Draft {
  // Without an account semgrep writes these words in place of a fingerprint, and of the code.
  const stated = (text: string | undefined) => (text === "requires login" ? undefined : text);
  const cwe = cweIn(extra.metadata?.cwe ?? []);
  const found = extra.sca_info?.dependency_match;
  const secret = extra.metadata?.category === "secrets";
  return {
    rule,
    severity: severityOfWord(severities, extra.severity),
    message: extra.message,
    place:
      found === undefined
        ? { kind: "file", path, line: start.line }
        : {
            kind: "package",
            name: found.found_dependency.package,
            version: found.found_dependency.version,
            path: found.lockfile ?? path,
          },
    cwe,
    fingerprint: stated(extra.fingerprint),
    suppressed: extra.is_ignored ?? false,
    references: extra.metadata?.references ?? [],
    reachable: extra.sca_info?.reachable,
    ...quoted(stated(extra.lines), { secret, cwe }),
  };
}
