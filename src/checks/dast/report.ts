import { createHash } from "node:crypto";
import { redactor } from "../../model/redact.ts";
import { printable } from "../../model/printable.ts";
import type { CheckReport, Verdict } from "../../model/verdict.ts";
import { rulesDigest, type SarifResult, writeSarif } from "../sarif.ts";
import type { Finding } from "./finding.ts";
import { rules } from "./rules.ts";
import type { ScanResult } from "./scan.ts";
import type { DastConfiguration } from "./schema.ts";
import { curlLine } from "../probing/operation.ts";

export const dastVersion = "1";

/** Puts what was found into SARIF, and says whether the scan was whole. The hits are judged elsewhere. */
export function reportOf(
  results: readonly (ScanResult & { readonly origin: string })[],
  configuration: DastConfiguration,
): CheckReport {
  const { clean } = redactor(results.flatMap(({ secrets }) => secrets));
  const all = Object.values(rules);
  const sarif = writeSarif({
    tool: "tidelock-dast",
    version: dastVersion,
    rules: all,
    results: merged(results).map((one) => toSarif(one, clean)),
    notifications: results.flatMap(({ gaps }) => gaps).map(clean),
    properties: { seed: configuration.seed, mode: configuration.mode, skipped: configuration.skip },
  });
  const sum = (of: (one: ScanResult) => number) =>
    results.reduce((total, one) => total + of(one), 0);
  const routes = new Set(results.flatMap((one) => one.routes));
  const { verdict, summary } = judge(results, sarif.omitted, configuration);
  return {
    verdict,
    summary: clean(summary),
    exercised: {
      requests: sum(({ requests }) => requests),
      assertions: sum(({ assertions }) => assertions),
      files: 0,
      routes: routes.size,
      identities: Math.max(0, ...results.map(({ identities }) => identities)),
    },
    tools: { "tidelock-dast": dastVersion, node: process.version },
    data: { rules: rulesDigest(all) },
    results: results.flatMap(({ gaps }) =>
      gaps.map((message) => ({
        name: "scan",
        verdict: "partial" as const,
        message: clean(message),
      })),
    ),
    raw: { format: "sarif", text: sarif.text, truncated: false },
  };
}

function judge(
  results: readonly ScanResult[],
  omitted: number,
  configuration: DastConfiguration,
): { verdict: Verdict; summary: string } {
  if (results.length === 0)
    return { verdict: "inconclusive", summary: "there is no instance to ask" };
  const hollow = results.find((one) => one.hollow !== null)?.hollow;
  if (hollow !== undefined && hollow !== null) {
    const reason = results.flatMap(({ gaps }) => gaps)[0];
    const summary = reason === undefined ? hollow : `${hollow} (${reason})`;
    return { verdict: "inconclusive", summary };
  }
  const found = merged(results).length;
  const what = `${found} ${found === 1 ? "hit" : "hits"}`;
  const lost = results.reduce((total, one) => total + one.failed, 0);
  const sent = results.reduce((total, one) => total + one.requests, lost);
  const [gap] = results.flatMap(({ gaps }) => gaps);
  if (gap !== undefined) {
    const signIn = results.some(
      ({ identities }) =>
        configuration.mode === "active" && identities < configuration.identities.length,
    );
    return { verdict: signIn ? "inconclusive" : "partial", summary: `${gap}; ${what} so far` };
  }
  if (omitted > 0)
    return { verdict: "partial", summary: `${omitted} hits do not fit in the report; ${what}` };
  if (lost > 20 && lost > sent / 20) {
    const last = results.find(({ lastFailure }) => lastFailure !== "")?.lastFailure ?? "";
    return {
      verdict: "partial",
      summary: `${lost} of ${sent} requests had no answer (${last}); ${what}`,
    };
  }
  const routes = new Set(results.flatMap((one) => one.routes)).size;
  return { verdict: "pass", summary: `${sent} requests to ${routes} routes; ${what}` };
}

/** Instances of one release have the same flaws: each is said once. */
function merged(
  results: readonly (ScanResult & { readonly origin?: string })[],
): readonly (Finding & { readonly origin: string })[] {
  const seen = new Map<string, Finding & { origin: string }>();
  for (const { findings, origin } of results) {
    for (const one of findings) {
      const key = fingerprintOf(one);
      if (!seen.has(key)) seen.set(key, { ...one, origin: origin ?? "" });
    }
  }
  return [...seen.values()];
}

function fingerprintOf({ rule, method, route, parameter }: Finding): string {
  return JSON.stringify([rule, method, route, parameter ?? null]);
}

function toSarif(
  finding: Finding & { readonly origin: string },
  clean: (text: string) => string,
): SarifResult {
  const { rule, method, route, parameter, techniques, evidence, session } = finding;
  const safe = (text: string, most: number) => printable(clean(text), most);
  const where = parameter === undefined ? "" : ` (parameter ${safe(parameter, 100)})`;
  const template = safe(route, 500);
  return {
    rule,
    message: `${rules[rule].title}: ${method} ${template}${where}. ${evidence.map((one) => safe(one, 400)).join("; ")}.`,
    place: { kind: "logical", name: `${method} ${template}` },
    fingerprint: createHash("sha256").update(fingerprintOf(finding)).digest("hex"),
    ...(finding.severity === undefined ? {} : { severity: finding.severity }),
    properties: {
      tidelock: {
        method,
        route: template,
        ...(parameter === undefined ? {} : { parameter: safe(parameter, 200) }),
        confirmed: true,
        techniques,
        evidence: evidence.map((one) => safe(one, 400)),
        replay: safe(curlLine(finding.origin, finding.replay, session), 2_000),
      },
    },
  };
}
