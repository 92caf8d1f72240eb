import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import { cweIn, type Draft } from "../../observe.ts";

const text = z.string().nullish();
const number = z.number().nullish();

/** An issue of the Warnings plugin (warnings-ng, analysis-model), as far as it is read. */
export const Issue = z.object({
  fileName: text,
  lineStart: number,
  lineRanges: z
    .array(z.object({ start: number, end: number }))
    .nullish()
    .catch(null),
  locations: z
    .array(z.object({ fileName: text, lineStart: number }))
    .nullish()
    .catch(null),
  severity: text,
  category: text,
  type: text,
  message: text,
  description: text,
  packageName: text,
  moduleName: text,
  origin: text,
  fingerprint: text,
});
export type Issue = z.infer<typeof Issue>;

const severities: ReadonlyMap<string, Severity> = new Map([
  ["ERROR", "high"],
  ["HIGH", "high"],
  ["NORMAL", "medium"],
  ["LOW", "low"],
]);

/** The plugin writes `-` for what it does not know, and calls what it made up itself `FALLBACK-`. */
export function draftOf(issue: Issue): Draft {
  const [location] = issue.locations ?? [];
  const path = known(location?.fileName) ?? known(issue.fileName);
  const range = issue.lineRanges?.[0];
  const line = location?.lineStart ?? issue.lineStart ?? range?.start ?? range?.end;
  const rule = known(issue.type) ?? known(issue.category) ?? known(issue.origin);
  const fingerprint = known(issue.fingerprint);
  const scope = known(issue.moduleName) ?? known(issue.packageName);
  const word = issue.severity?.trim();
  return {
    rule: rule ?? "",
    // A report of the plugin's own format may leave it out; it is then normal (its `WARNING_NORMAL`).
    severity: word ? (severities.get(word) ?? null) : "medium",
    severityStated: Boolean(word),
    title: known(issue.message) ?? rule,
    message: [known(issue.message), known(issue.description)].filter(Boolean).join("\n"),
    place:
      path === undefined
        ? { kind: "resource", name: scope ?? "unknown" }
        : { kind: "file", path, ...(line ? { line } : {}) },
    kind: "code",
    ...(scope === undefined ? {} : { scope }),
    cwe: cweIn([issue.type ?? "", issue.category ?? ""]),
    ...(fingerprint === undefined || fingerprint.startsWith("FALLBACK-")
      ? {}
      : { fingerprints: { "warnings-ng": fingerprint } }),
  };
}

function known(word: string | null | undefined): string | undefined {
  const plain = word?.trim();
  return plain === undefined || plain === "" || plain === "-" ? undefined : plain;
}
