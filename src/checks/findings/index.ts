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
  leansOnScans: true,
  async run(context: CheckContext, configuration: FindingsConfiguration) {
    const judgement = new Judgement(configuration);
    const open = await context.openFindings?.((finding) => judgement.see(finding));
    if (open) return judgement.end(open, new Date());
    throw new Error("this server keeps no findings");
  },
};

type Result = CheckReport["results"][number];

/** So many are named; the others are counted. */
const mostNamed = 200;
const order = ["fail", "inconclusive", "warn", "pass"] as const;

/** Pure. What is open is judged one by one, so that a hundred thousand of them cost no memory. */
export class Judgement {
  readonly #configuration: FindingsConfiguration;
  readonly #results: Readonly<Record<(typeof order)[number], Result[]>> = {
    fail: [],
    inconclusive: [],
    warn: [],
    pass: [],
  };
  readonly #counts = { fail: 0, inconclusive: 0, warn: 0, pass: 0 };
  readonly #strange = { fail: 0, inconclusive: 0, warn: 0, pass: 0 };
  #aside = 0;
  readonly #waivers = new Set<string>();

  constructor(configuration: FindingsConfiguration) {
    this.#configuration = configuration;
  }

  see(finding: OpenFinding): void {
    const { kinds, newOnly } = this.#configuration;
    if (!(kinds?.includes(finding.kind) ?? true) || (newOnly && !finding.isNew)) return;
    if (finding.setAside !== null) this.#aside += 1;
    else if (finding.waiver !== null) this.#waivers.add(finding.waiver.id);
    const result = judge(finding, this.#configuration);
    if (result) this.#add(result, finding.vouched);
  }

  /** @param now judges how old scans are */
  end(open: OpenFindings, now: Date): CheckReport {
    const waivers = [...this.#waivers].sort();
    const report = this.#endOn(open, now);
    // Without them it would say something else: a gate asks whether they still hold.
    return waivers.length === 0 ? report : { ...report, data: { waivers: waivers.join(" ") } };
  }

  #endOn(open: OpenFindings, now: Date): CheckReport {
    if (open.changed !== null) {
      const summary = `the records of findings are not what the ledger says: ${open.changed}`;
      return report("error", summary, [], open);
    }
    for (const one of unseen(open)) this.#add(one, true);
    for (const one of missingScans(open, this.#configuration, now)) this.#add(one, true);
    const results = order.flatMap((verdict) => this.#results[verdict]);
    const { fail, warn } = this.#counts;
    if (fail > 0) return report("fail", this.#saying("fail", "count against it"), results, open);
    const [first] = this.#results.inconclusive;
    if (first) return report("inconclusive", first.message, results, open);
    if (warn > 0) return report("warn", this.#saying("warn", "are a warning"), results, open);
    const aside = this.#aside === 0 ? "" : `; ${this.#aside} set aside`;
    const summary = `no finding at ${this.#configuration.failOn} or worse is open by ${scansText(open)}${aside}${this.#accepted()}`;
    return report("pass", summary, results, open);
  }

  #accepted(): string {
    const ids = [...this.#waivers].sort();
    if (ids.length === 0) return "";
    return `; accepted: ${ids.length <= 5 ? ids.join(", ") : `${ids.length} findings`}`;
  }

  #add(result: Result, vouched: boolean): void {
    const verdict = order.find((one) => one === result.verdict) ?? "fail";
    this.#counts[verdict] += 1;
    if (!vouched) this.#strange[verdict] += 1;
    if (this.#results[verdict].length < mostNamed) this.#results[verdict].push(result);
  }

  /** How many, whose word they are, and the first of them. */
  #saying(verdict: "fail" | "warn", what: string): string {
    const [first] = this.#results[verdict];
    const count = this.#counts[verdict];
    const strange = this.#strange[verdict];
    const many =
      count > 1
        ? `${count} findings ${what}`
        : `1 finding ${what.replace("count ", "counts ").replace("are ", "is ")}`;
    const whose =
      strange === 0
        ? ""
        : strange === count
          ? " (seen only in reports that nobody vouches for)"
          : ` (${strange} of them seen only in reports that nobody vouches for)`;
    return `${many}${whose}: ${first?.name ?? ""}: ${first?.message ?? ""}`;
  }
}

function judge(finding: OpenFinding, configuration: FindingsConfiguration): Result | null {
  const { failOn, warnOn, overdue, knownExploited } = configuration;
  const { id, severity, rule, title, tools, status, setAside, waiver, note } = finding;
  const name = `${id} ${rule}`;
  const what = `${severity}, ${status}: ${title} (${tools.join(", ")})${note === "" ? "" : `; ${note}`}`;
  if (setAside !== null) return { name, verdict: "pass", message: `${what}; ${setAside}` };
  if (waiver !== null) {
    const message = `${what}; accepted by ${waiver.id} until ${waiver.until}`;
    return { name, verdict: "pass", message };
  }
  if (isAtLeast(severity, failOn)) return { name, verdict: "fail", message: what };
  if (finding.knownExploited === true && knownExploited === "fail") {
    return { name, verdict: "fail", message: `known to be exploited; ${what}` };
  }
  if (finding.overdue && overdue !== "ignore") {
    return { name, verdict: overdue, message: `overdue since ${finding.due}; ${what}` };
  }
  return isAtLeast(severity, warnOn) ? { name, verdict: "warn", message: what } : null;
}

/** What nobody could look at shows nothing. */
function unseen({ left, awaited }: OpenFindings): readonly Result[] {
  const results: Result[] = [];
  if (awaited !== null) {
    results.push({ name: "own scans", verdict: "inconclusive", message: awaited });
  }
  if (left > 0) {
    const message = `${left} findings more than can be looked at are open; the worst of them were looked at first`;
    results.push({ name: "what is left", verdict: "inconclusive", message });
  }
  return results;
}

/** Absence of findings says something only where somebody has looked, whole and lately, whose word counts. */
function missingScans(
  { scans, unvouched, partial }: OpenFindings,
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
      : partial > 0
        ? `${partial === 1 ? "the report of it that somebody vouches for is" : `the ${partial} reports of it that somebody vouches for are`} not whole`
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
  return {
    verdict,
    summary: summary.slice(0, 1_000),
    // Scans that were leant on: how many findings there are is not ours to compare with the last time.
    exercised: { requests: 0, assertions: scans.length, files: 0 },
    tools: {},
    results: results.slice(0, mostNamed),
  };
}
