import { createHash } from "node:crypto";
import { printable } from "../../model/printable.ts";
import { redactor } from "../../model/redact.ts";
import type { CheckReport, Verdict } from "../../model/verdict.ts";
import { curlLine } from "../probing/operation.ts";
import { rulesDigest, type SarifResult, writeSarif } from "../sarif.ts";
import { type FuzzResult, reached } from "./fuzz.ts";
import type { Finding } from "./judge/findings.ts";
import { rules } from "./judge/rules.ts";
import { bucketKey, requestOf } from "./reproduce/reproduction.ts";
import type { ApiFuzzConfiguration } from "./schema.ts";

export const apiFuzzVersion = "1";

/** What was seen once and not again may be chance: it warns, whatever it is. */
const mostUnconfirmed = 4.5;
/** Longer requests stand in the reproduction alone. */
const longestCurl = 4_000;
const longestReproduction = 120_000;

/** Puts the buckets into SARIF, and says whether the run was whole. The hits are judged elsewhere. */
export function reportOf(
  result: FuzzResult | null,
  configuration: ApiFuzzConfiguration,
): CheckReport {
  if (result === null) return empty("there is no instance to ask");
  const { clean } = redactor(result.secrets);
  const all = Object.values(rules);
  const ok = reached(result.tally);
  const silent = result.declared.filter((key) => !ok.includes(key));
  const sarif = writeSarif({
    tool: "tidelock-api-fuzz",
    version: apiFuzzVersion,
    rules: all,
    results: result.findings.map((one) => toSarif(one, result.origin, clean)),
    notifications: [...result.gaps, ...result.notes].map((text) => printable(clean(text), 400)),
    properties: {
      seed: configuration.seed,
      skipped: configuration.skip,
      operations: Object.fromEntries(
        [...result.tally].map(([key, statuses]) => [
          printable(key, 300),
          Object.fromEntries(statuses),
        ]),
      ),
      neverAnswered: silent.map((key) => printable(key, 300)),
      cases: result.cases,
    },
    maxBytes: 8_000_000,
  });
  const { verdict, summary } = judge(result, silent, sarif.omitted);
  return {
    verdict,
    summary: printable(clean(summary), 1_000),
    exercised: {
      requests: result.requests,
      assertions: result.cases + (result.replayed?.length ?? 0),
      files: 0,
      ...(result.replayed === null ? { routes: ok.length } : {}),
      identities: result.identities,
    },
    tools: { "tidelock-api-fuzz": apiFuzzVersion, node: process.version },
    data: { rules: rulesDigest(all), seed: `${configuration.seed}` },
    results: [...gapLines(result), ...operationLines(result, ok), ...replayLines(result)].map(
      (one) => ({ ...one, message: printable(clean(one.message), 500) }),
    ),
    raw: { format: "sarif", text: sarif.text, truncated: false },
  };
}

type Line = { readonly name: string; readonly verdict: Verdict; readonly message: string };

function gapLines({ gaps, notes }: FuzzResult): readonly Line[] {
  return [
    ...gaps.map((message) => ({ name: "run", verdict: "partial" as const, message })),
    ...notes.map((message) => ({ name: "note", verdict: "pass" as const, message })),
  ];
}

/** One line an operation: what it was answered, and how often. */
function operationLines({ declared, tally }: FuzzResult, ok: readonly string[]): readonly Line[] {
  return declared.map((key) => {
    const statuses = [...(tally.get(key) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const said = statuses.map(([status, count]) => `${status} ${count} times`).join(", ");
    const reachedIt = ok.includes(key);
    return {
      name: printable(key, 300),
      verdict: reachedIt ? "pass" : "inconclusive",
      message: said === "" ? "never asked" : reachedIt ? said : `never answered below 400: ${said}`,
    };
  });
}

function replayLines({ replayed }: FuzzResult): readonly Line[] {
  return (replayed ?? []).map(({ bucket, same, others, answer }) => ({
    name: printable(`replay of ${bucket.rule} ${bucket.operation}`, 300),
    verdict: same ? "fail" : "pass",
    message: same
      ? `the same again: ${bucket.signature}`
      : `not the same: ${answer}${others.length === 0 ? "" : ` (${others.join("; ")})`}`,
  }));
}

function judge(
  result: FuzzResult,
  silent: readonly string[],
  omitted: number,
): { verdict: Verdict; summary: string } {
  const { findings, hollow, gaps, declared, cases, requests, lost, replayed, identities } = result;
  const what = `${findings.length} ${findings.length === 1 ? "bucket" : "buckets"}`;
  if (replayed !== null) {
    const same = replayed.filter((one) => one.same).length;
    const summary = `${same} of ${replayed.length} examples fail as they did`;
    return gaps.length > 0
      ? { verdict: "partial", summary: `${summary}; ${gaps[0]}` }
      : { verdict: "pass", summary };
  }
  if (hollow !== null) {
    return {
      verdict: "inconclusive",
      summary: gaps[0] === undefined ? hollow : `${hollow} (${gaps[0]})`,
    };
  }
  if (gaps[0] !== undefined) {
    const signIn = identities === 0 && gaps.some((one) => /sign|register/.test(one));
    return { verdict: signIn ? "inconclusive" : "partial", summary: `${gaps[0]}; ${what} so far` };
  }
  if (omitted + lost > 0)
    return {
      verdict: "partial",
      summary: `${omitted + lost} buckets do not fit in the report; ${what}`,
    };
  const never =
    silent.length === 0
      ? ""
      : `; never answered below 400: ${silent.slice(0, 10).join(", ")}${silent.length > 10 ? " …" : ""}`;
  return {
    verdict: "pass",
    summary: `${requests} requests, ${cases} cases, ${declared.length - silent.length} of ${declared.length} operations reached; ${what}${never}`,
  };
}

function toSarif(finding: Finding, origin: string, clean: (text: string) => string): SarifResult {
  const { rule, bucket, operation, place, what, says, confirmed, count, elsewhere, reproduction } =
    finding;
  const safe = (text: string, most: number) => printable(clean(text), most);
  const [method = "", ...rest] = operation.split(" ");
  const route = safe(rest.join(" "), 500);
  const where = place === "" ? "" : ` (${safe(what, 300)})`;
  const times = count === 1 ? "" : `; seen ${count} times`;
  const others = elsewhere.length === 0 ? "" : `; also at ${safe(elsewhere.join(", "), 300)}`;
  const sure = confirmed
    ? "and twice more by its example"
    : "but not again when its example was sent again";
  const last = reproduction.steps.at(-1);
  const line = last === undefined ? "" : curlLine(origin, requestOf(last), last.as);
  const text = JSON.stringify(reproduction);
  return {
    rule,
    message: `${rules[rule].title}: ${method} ${route}${where}. ${safe(says, 300)}, ${sure}${times}${others}. [${safe(bucket.signature, 300)}]`,
    place: { kind: "logical", name: `${method} ${route}` },
    fingerprint: createHash("sha256").update(bucketKey(bucket)).digest("hex"),
    ...(confirmed ? {} : { severity: Math.min(mostUnconfirmed, rules[rule].severity) }),
    properties: {
      tidelock: {
        method,
        route,
        parameter: safe(place, 200),
        confirmed,
        count,
        signature: safe(bucket.signature, 400),
        replay:
          line.length > longestCurl
            ? `too long for a shell: ${line.length} characters`
            : safe(line, longestCurl),
        ...(text.length > longestReproduction ? {} : { reproduction }),
      },
    },
  };
}

function empty(summary: string): CheckReport {
  return {
    verdict: "inconclusive",
    summary,
    exercised: { requests: 0, assertions: 0, files: 0 },
    tools: {},
    results: [],
  };
}
