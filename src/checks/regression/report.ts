import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { LiveRelease } from "../../ports/check.ts";
import type { Difference } from "./classes.ts";
import type { Compared, Replay } from "./replay.ts";
import { type Accepted, type RegressionConfiguration, severityOf } from "./schema.ts";
import { nameOf } from "./suite.ts";

type Result = CheckReport["results"][number];

/** What the replay says, in results and one sentence. */
export function reportOf(
  { compared, answers, content }: Replay,
  configuration: RegressionConfiguration,
  live: LiveRelease | null,
): CheckReport {
  const results = compared.flatMap((one) => resultsOf(one, configuration));
  const counted = compared.filter(({ uncompared }) => uncompared === null);
  const verdict = verdictOf(results, counted.length, content, live, configuration);
  return {
    verdict,
    summary: summarise(verdict, results, counted, content, live),
    exercised: {
      requests: answers,
      assertions: counted.length,
      files: 0,
      routes: new Set(
        counted.map(({ request }) => `${request.method} ${request.path.split("?", 1)[0]}`),
      ).size,
    },
    tools: { node: process.version },
    ...(live && { data: { live: `${live.releaseName} ${live.release}` } }),
    results,
  };
}

function resultsOf(one: Compared, configuration: RegressionConfiguration): Result[] {
  const name = `${nameOf(one.request)} on ${one.at}`;
  if (one.uncompared !== null) {
    const message = `nothing to compare with: ${one.uncompared}`;
    return [{ name, verdict: one.crawled ? "warn" : "inconclusive", message }];
  }
  const results = one.found.map((difference) => judged(name, one, difference, configuration));
  for (const { class: which, message } of one.once) {
    // Half of the users may meet it: it is no noise, as the live colour answers the same twice.
    results.push({
      name,
      verdict: "warn",
      message: `${which}: ${message}; the second time it did not`,
    });
  }
  if (one.cut) {
    const message = "the body is longer than `maxBodyBytes` and was not compared";
    results.push({ name, verdict: one.crawled ? "pass" : "partial", message });
  }
  if (one.noise.length > 0) {
    const message = `not compared, as it differs from one answer to the next: ${some(one.noise)}`;
    results.push({ name, verdict: "pass", message });
  }
  return results.length > 0 ? results : [{ name, verdict: "pass", message: "no difference" }];
}

function judged(
  name: string,
  { request, crawled }: Compared,
  difference: Difference,
  configuration: RegressionConfiguration,
): Result {
  const { class: which, message } = difference;
  const accepted = configuration.accept.find((one) => accepts(one, nameOf(request), difference));
  if (accepted) {
    return { name, verdict: "pass", message: `${which}: ${message}; accepted: ${accepted.reason}` };
  }
  const severity = severityOf(configuration, which);
  // Nobody declared that page: what it shows may be data that only the live side has.
  const mild = crawled && which === "gone" && configuration.severity.gone === undefined;
  const verdict = severity === "off" ? "pass" : mild ? "warn" : severity;
  return { name, verdict, message: `${which}: ${message}` };
}

function accepts(one: Accepted, request: string, difference: Difference): boolean {
  return (
    one.class === difference.class &&
    (one.request === undefined || one.request === request) &&
    (one.place === undefined || one.place === difference.place)
  );
}

const worstFirst: readonly Verdict[] = ["fail", "partial", "inconclusive", "warn", "pass"];

function verdictOf(
  results: readonly Result[],
  counted: number,
  content: number,
  live: LiveRelease | null,
  { withoutLive }: RegressionConfiguration,
): Verdict {
  const worst =
    worstFirst.find((one) => results.some((result) => result.verdict === one)) ?? "inconclusive";
  if (worst === "fail") return worst;
  if (counted === 0 || content === 0) return "inconclusive";
  return live === null && worst === "pass" ? withoutLive : worst;
}

function summarise(
  verdict: Verdict,
  results: readonly Result[],
  counted: readonly Compared[],
  content: number,
  live: LiveRelease | null,
): string {
  const against = live === null ? "" : ` with ${live.releaseName}, which is live`;
  const first = results.find((result) => result.verdict === verdict);
  if (verdict === "fail" && first) return `${first.name}: ${first.message}${more(results)}`;
  if (counted.length === 0) {
    return results.length === 0
      ? "no request is declared, and none is to be found"
      : `nothing could be compared${against}: ${results[0]?.message}`;
  }
  if (content === 0) {
    return "nothing but refusals and pages to sign in was met, so there was no behaviour to compare: declare `requests` with `headers` that are let in";
  }
  if (live === null) {
    return `nothing to compare with: no other release answers to users here; ${counted.length} requests were answered`;
  }
  if (verdict === "pass" || first === undefined) {
    return `${counted.length} requests compared${against}: no difference that counts`;
  }
  return `${first.name}: ${first.message}${more(results)}`;
}

function more(results: readonly Result[]): string {
  const bad = results.filter(({ verdict }) => verdict !== "pass").length;
  return bad > 1 ? ` (and ${bad - 1} more)` : "";
}

function some(places: readonly string[]): string {
  const rest = places.length > 12 ? ` and ${places.length - 12} more` : "";
  return `${[...new Set(places)].slice(0, 12).join(", ")}${rest}`;
}
