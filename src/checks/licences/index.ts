import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import type { SarifResult, SarifRule } from "../sarif.ts";
import { type FoundPackage, PackageList, purlOf } from "../scanner/packages/package-list.ts";
import { holdToPackages, scanOptions } from "../scanner/packages/without-packages.ts";
import { scanFailed, scanReport, type ScannerFacts } from "../scanner/report.ts";
import { childBeside, runScan } from "../scanner/run-scan.ts";
import { LicencesConfiguration } from "./schema.ts";
import { isAllowed, isDenied, parseExpression } from "./spdx.ts";

const rule = (id: string, severity: number, title: string, help: string): SarifRule => ({
  id,
  severity,
  title,
  help,
  cwe: [],
});

const rules: readonly SarifRule[] = [
  rule(
    "licence-denied",
    8,
    "A licence that is not to be used",
    "Replace the package, or have the list changed.",
  ),
  rule(
    "licence-not-allowed",
    7,
    "A licence that is on no list",
    "Have it looked at, then add it to the list or replace the package.",
  ),
  rule(
    "licence-unknown",
    5,
    "A package without a readable licence",
    "Look into the package and ask its author; until then nobody may use it.",
  ),
];

const facts: ScannerFacts = { id: "licences", version: "1.0.0", rules, unit: "package file" };

/** Holds the licences of the packages in a release against lists, as SPDX expressions. */
export const licences: Check<typeof LicencesConfiguration> = {
  id: "licences",
  schema: LicencesConfiguration,
  touch: "files",
  scans: ["licences"],
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  judgedBy: "observations",
  run,
};

async function run(
  context: CheckContext,
  configuration: LicencesConfiguration,
): Promise<CheckReport> {
  const end = await runScan(context, {
    program: childBeside(import.meta.url),
    tree: context.tree,
    readTree: context.readTree,
    options: scanOptions(configuration),
    exclude: configuration.exclude,
  });
  if (end.kind === "failed") return scanFailed(facts, end);
  const list = PackageList.parse(end.reply.extra);
  const packages = once(list.packages);
  const results = packages.flatMap((found) => judge(found, configuration));
  const unknown = results.filter((one) => one.rule === "licence-unknown").length;
  const shown =
    configuration.unknown === "ignore"
      ? results.filter((one) => one.rule !== "licence-unknown")
      : results;
  const { reply } = end;
  const scanned = scanReport(facts, configuration, reply, {
    results: shown,
    count: shown.length,
    remarks: [`${packages.length} packages, ${unknown} without a readable licence`],
  });
  const judged = packages.length;
  const report = holdToPackages(scanned, { configuration, reply, list, judged });
  if (report.verdict !== "pass") return report;
  if (unknown > 0 && configuration.unknown === "inconclusive") {
    return {
      ...report,
      verdict: "inconclusive",
      summary: `${unknown} licences are not known; ${report.summary}`,
    };
  }
  return report;
}

function judge(found: FoundPackage, configuration: LicencesConfiguration): readonly SarifResult[] {
  const { allow, deny } = configuration;
  const text = found.licences.join(" AND ");
  const expressions = found.licences.map(parseExpression);
  const parsed = expressions.filter((one) => one !== null);
  const hit = (of: string, message: string, severity?: number): readonly SarifResult[] => [
    resultOf(found, of, message, severity),
  ];
  if (parsed.some((one) => isDenied(one, deny))) {
    return hit("licence-denied", `${found.name} ${found.version} is under ${text}`);
  }
  if (
    parsed.length === 0 ||
    parsed.length < expressions.length ||
    /^(?:UNLICENSED|NONE|NOASSERTION)$/i.test(text)
  ) {
    const said =
      text === "" ? "does not say its licence" : `says ${JSON.stringify(text.slice(0, 200))}`;
    return hit(
      "licence-unknown",
      `${found.name} ${found.version} ${said}`,
      configuration.unknown === "fail" ? 8 : 5,
    );
  }
  if (allow.length > 0 && !parsed.every((one) => isAllowed(one, allow))) {
    return hit("licence-not-allowed", `${found.name} ${found.version} is under ${text}`);
  }
  return [];
}

function resultOf(
  found: FoundPackage,
  of: string,
  message: string,
  severity?: number,
): SarifResult {
  const purl = purlOf(found);
  return {
    rule: of,
    message,
    place: { kind: "logical", name: purl, path: found.path },
    fingerprint: `${of}:${purl.slice(0, purl.lastIndexOf("@"))}`,
    ...(severity === undefined ? {} : { severity }),
    properties: {
      tidelock: { package: { name: found.name, version: found.version, purl, path: found.path } },
    },
  };
}

/** Each shipped package once: what is installed knows its licence, a lock file often does not. */
function once(packages: readonly FoundPackage[]): readonly FoundPackage[] {
  const byKey = new Map<string, FoundPackage>();
  for (const found of packages) {
    if (found.development && !found.installed) continue;
    const key = JSON.stringify([found.ecosystem, found.name, found.version]);
    const known = byKey.get(key);
    if (known === undefined || (known.licences.length === 0 && found.licences.length > 0)) {
      byKey.set(key, found);
    }
  }
  return [...byKey.values()];
}
