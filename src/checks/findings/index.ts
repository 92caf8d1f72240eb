import { isAtLeast } from "../../model/observation.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext, OpenFinding, OpenFindings } from "../../ports/check.ts";
import { FindingsConfiguration } from "./schema.ts";

/**
 * No finding that concerns this release is open at `failOn` or worse, whichever tool saw it and whenever. A release
 * that nobody was seen to scan is not clean but unknown.
 */
export const findings: Check<typeof FindingsConfiguration> = {
  id: "findings",
  schema: FindingsConfiguration,
  touch: "files",
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  purpose: "security",
  judgedBy: "itself",
  async run(context: CheckContext, configuration: FindingsConfiguration) {
    const open = await context.openFindings?.();
    if (open) return judgeFindings(open, configuration, new Date());
    throw new Error("this server keeps no findings");
  },
};

/** Pure. @param now judges how old scans are */
export function judgeFindings(
  open: OpenFindings,
  configuration: FindingsConfiguration,
  now: Date,
): CheckReport {
  if (open.changed !== null) {
    const summary = `the records of findings are not what the ledger says: ${open.changed}`;
    return report("error", summary, [], open);
  }
  const { kinds, newOnly } = configuration;
  const asked = open.findings.filter(
    ({ kind, isNew }) => (kinds?.includes(kind) ?? true) && (!newOnly || isNew),
  );
  const results = [
    ...asked.flatMap((finding) => judge(finding, configuration)),
    ...missingScans(open, configuration, now),
  ];
  const failed = results.filter(({ verdict }) => verdict === "fail");
  const unknown = results.filter(({ verdict }) => verdict === "inconclusive");
  const warned = results.filter(({ verdict }) => verdict === "warn");
  if (failed.length > 0) return report("fail", saying(failed, "count against it"), results, open);
  if (open.more > 0) {
    const summary = `${open.more} findings more than can be looked at are open`;
    return report("fail", summary, results, open);
  }
  const [first] = unknown;
  if (first) return report("inconclusive", first.message, results, open);
  if (warned.length > 0) return report("warn", saying(warned, "are a warning"), results, open);
  const aside = asked.filter(({ setAside }) => setAside !== null).length;
  const summary = `no finding at ${configuration.failOn} or worse is open by ${scansText(open)}${aside === 0 ? "" : `; ${aside} set aside`}`;
  return report("pass", summary, results, open);
}

type Result = CheckReport["results"][number];

function judge(finding: OpenFinding, configuration: FindingsConfiguration): readonly Result[] {
  const { failOn, warnOn, overdue, knownExploited } = configuration;
  const { id, severity, rule, title, tools, status, setAside, note } = finding;
  const name = `${id} ${rule}`;
  const what = `${severity}, ${status}: ${title} (${tools.join(", ")})${note === "" ? "" : `; ${note}`}`;
  if (setAside !== null) return [{ name, verdict: "pass", message: `${what}; ${setAside}` }];
  if (isAtLeast(severity, failOn)) return [{ name, verdict: "fail", message: what }];
  if (finding.knownExploited === true && knownExploited === "fail") {
    return [{ name, verdict: "fail", message: `known to be exploited; ${what}` }];
  }
  if (finding.overdue && overdue !== "ignore") {
    return [{ name, verdict: overdue, message: `overdue since ${finding.due}; ${what}` }];
  }
  return isAtLeast(severity, warnOn) ? [{ name, verdict: "warn", message: what }] : [];
}

/** Absence of findings says something only where somebody has looked, whole and lately, whose word counts. */
function missingScans(
  { scans, unvouched }: OpenFindings,
  { tools, maxScanAge }: FindingsConfiguration,
  now: Date,
): readonly Result[] {
  const recent = scans.filter(({ at }) => now.getTime() - Date.parse(at) <= maxScanAge);
  const missing = (tools ?? ["*"]).filter(
    (pattern) => !recent.some(({ tool }) => matches(tool, pattern)),
  );
  return missing.map((pattern): Result => {
    const old = scans.find(({ tool }) => matches(tool, pattern));
    const who = pattern === "*" ? "anybody" : pattern;
    const why = old
      ? `the last scan by ${old.tool} was made at ${old.at}, which is too long ago`
      : unvouched > 0
        ? `${unvouched === 1 ? "a report" : `${unvouched} reports`} of it came from nobody whom the policy trusts, which shows nothing`
        : "no report of it was taken in";
    const message = `no whole scan of this release by ${who} counts: ${why}`;
    return { name: `scan by ${who}`, verdict: "inconclusive", message };
  });
}

/** `*` stands for any characters; case does not matter. No regular expression comes from a document. */
function matches(tool: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.toLowerCase().split("*");
  const text = tool.toLowerCase();
  if (rest.length === 0) return text === first;
  const last = rest.pop() ?? "";
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function saying(results: readonly Result[], what: string): string {
  const [first] = results;
  const findings = results.length === 1 ? "1 finding counts" : `${results.length} findings`;
  const verb = results.length === 1 ? what.replace(/^(count|are) ?/, "") : what;
  return `${findings} ${verb}: ${first?.name ?? ""}: ${first?.message ?? ""}`.replace("  ", " ");
}

function scansText({ scans }: OpenFindings): string {
  const names = [...new Set(scans.map(({ tool }) => tool))];
  return names.length <= 5 ? names.join(", ") : `${names.length} tools`;
}

function report(
  verdict: CheckReport["verdict"],
  summary: string,
  results: readonly Result[],
  { scans }: OpenFindings,
): CheckReport {
  const order = ["fail", "inconclusive", "warn", "pass"];
  return {
    verdict,
    summary: summary.slice(0, 1_000),
    // Scans that were leant on: how many findings there are is not ours to compare with the last time.
    exercised: { requests: 0, assertions: scans.length, files: 0 },
    tools: {},
    results: [...results]
      .sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
      .slice(0, 200),
  };
}
