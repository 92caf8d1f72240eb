import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { type FoundPackage, PackageList } from "../scanner/packages/package-list.ts";
import { holdToPackages, scanOptions } from "../scanner/packages/without-packages.ts";
import { scanFailed, scanReport, type ScannerFacts } from "../scanner/report.ts";
import { childBeside, runScan } from "../scanner/run-scan.ts";
import { matchPackages } from "./match.ts";
import { AdvisoriesConfiguration } from "./schema.ts";
import { AdvisoryReader, currentSnapshot } from "./snapshot.ts";
import { advisorySource } from "./source.ts";

const facts: ScannerFacts = {
  id: "advisories",
  version: "1.0.0",
  rules: [],
  unit: "package file",
  libraries: { semver: "7.8.6" },
};

const howTo = "import them: tidelock advisories import <all.zip of osv.dev, a folder or a file>";

/**
 * Holds the packages that the release is made of against the advisories that were imported on this machine.
 * Nothing is asked of anybody outside.
 */
export const advisories: Check<typeof AdvisoriesConfiguration> = {
  id: "advisories",
  schema: AdvisoriesConfiguration,
  touch: "files",
  scans: ["dependencies"],
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  judgedBy: "observations",
  advisories: advisorySource,
  run,
};

async function run(
  context: CheckContext,
  configuration: AdvisoriesConfiguration,
): Promise<CheckReport> {
  const folder = context.checkData ?? null;
  const snapshot = folder === null ? null : currentSnapshot(folder);
  if (folder === null || snapshot === null) return missing();
  const end = await runScan(context, {
    program: childBeside(import.meta.url),
    tree: context.tree,
    readTree: context.readTree,
    options: scanOptions(configuration),
    exclude: configuration.exclude,
  });
  if (end.kind === "failed") return scanFailed(facts, end);
  const list = PackageList.parse(end.reply.extra);
  const { packages } = list;
  const judged = toJudge(packages, configuration.development);
  const unknown = [...new Set(judged.map(({ ecosystem }) => ecosystem))].filter(
    (one) => (snapshot.ecosystems[one] ?? 0) === 0,
  );
  const matches = await matchPackages(judged, new AdvisoryReader(folder, snapshot));
  const left = packages.length - judged.length;
  const unread = [
    ...end.reply.unread,
    ...matches.unclear.map(({ name, version, path }) => ({
      path,
      why: `${name} has the version ${JSON.stringify(version.slice(0, 80))}, which cannot be compared`,
    })),
  ];
  const report = scanReport(
    { ...facts, rules: matches.rules },
    configuration,
    {
      ...end.reply,
      unread: unread.slice(0, 200),
      unreadCount: end.reply.unreadCount + matches.unclear.length,
    },
    {
      results: matches.results,
      count: matches.results.length,
      remarks: [
        `${judged.length} packages${left === 0 ? "" : ` (${left} more are for development, or listed twice)`}`,
        `advisories of ${snapshot.asOf.slice(0, 10)}`,
      ],
      data: { osv: `${snapshot.digest} of ${snapshot.asOf}` },
    },
  );
  const { reply } = end;
  return tested(holdToPackages(report, { configuration, reply, list, judged: judged.length }), {
    unknown,
    ageMs: Date.now() - Date.parse(snapshot.asOf),
    maxAgeMs: configuration.maxAge,
  });
}

/** What stands in the way of believing a report without hits. */
function tested(
  report: CheckReport,
  of: { unknown: readonly string[]; ageMs: number; maxAgeMs: number },
): CheckReport {
  const say = (verdict: CheckReport["verdict"], why: string): CheckReport => ({
    ...report,
    verdict,
    summary: `${why}; ${report.summary}`,
  });
  if (report.verdict !== "pass") return report;
  if (of.unknown.length > 0) {
    return say("partial", `no advisories for ${of.unknown.join(", ")} were imported: ${howTo}`);
  }
  if (of.ageMs > of.maxAgeMs) {
    const days = (ms: number) => Math.floor(ms / 86_400_000);
    return say(
      "stale",
      `the advisories are ${days(of.ageMs)} days old, ${days(of.maxAgeMs)} may be; ${howTo}`,
    );
  }
  return report;
}

/**
 * Each once, and what is installed rather than what a lock asks for: a package that the lock names and the
 * tree does not hold is judged as well, because it may be installed when the service starts.
 */
function toJudge(packages: readonly FoundPackage[], development: boolean): readonly FoundPackage[] {
  const byKey = new Map<string, FoundPackage>();
  for (const found of packages) {
    if (found.development && !development) continue;
    const key = JSON.stringify([found.ecosystem, found.name, found.version]);
    const known = byKey.get(key);
    if (known === undefined || (found.installed && !known.installed)) byKey.set(key, found);
  }
  return [...byKey.values()];
}

function missing(): CheckReport {
  return {
    verdict: "missing",
    summary: `no advisories were imported on this machine: ${howTo}`,
    exercised: { requests: 0, assertions: 0, files: 0 },
    tools: { "tidelock-advisories": facts.version },
    results: [],
  };
}
