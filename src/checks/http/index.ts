import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { describeFailure, exchange } from "../exchange.ts";
import { type TargetAddress, targetsOf } from "../targets.ts";
import { assertAnswer } from "../assert-answer.ts";
import type { HttpRequest } from "../request-schema.ts";
import { HttpConfiguration } from "./schema.ts";

/** What changes nothing at a service that keeps to HTTP (RFC 9110 9.2.1). */
const readsOnly: ReadonlySet<HttpRequest["method"]> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Sends requests to the tested colour and holds the answers against what was expected. Redirects are not
 * followed. A target that gives no whole answer is `error`: nothing was learned about the release.
 */
export const http: Check<typeof HttpConfiguration> = {
  id: "http",
  schema: HttpConfiguration,
  touch: ({ requests }) =>
    requests.every(({ method }) => readsOnly.has(method)) ? "passive" : "intrusive",
  cost: "cheap",
  disturbs: [],
  sensitiveTo: ["load", "availability"],
  judgedBy: "itself",
  purpose: "told",
  run: runHttp,
};

type Result = CheckReport["results"][number];

async function runHttp(
  context: CheckContext,
  configuration: HttpConfiguration,
): Promise<CheckReport> {
  const targets = targetsOf(context, configuration.through);
  const results: Result[] = [];
  let answered = 0;
  for (const target of targets) {
    for (const request of configuration.requests) {
      context.signal.throwIfAborted();
      const found = await ask(context, configuration, target, request);
      if (found.answered) answered += 1;
      results.push(...found.results);
    }
  }
  const assertions = results.filter((result) => result.verdict !== "error").length;
  const verdict = worst(results);
  return {
    verdict,
    summary: summarise(verdict, results, answered, targets.length),
    exercised: { requests: answered, assertions, files: 0 },
    tools: { node: process.version },
    results,
  };
}

async function ask(
  context: CheckContext,
  configuration: HttpConfiguration,
  target: TargetAddress,
  request: HttpRequest,
): Promise<{ answered: boolean; results: Result[] }> {
  const name = `${request.name ?? `${request.method} ${request.path}`} on ${new URL(target.origin).host}`;
  const body = request.json === undefined ? request.body : JSON.stringify(request.json);
  const type = request.json === undefined ? {} : { "content-type": "application/json" };
  try {
    const answer = await exchange({
      origin: target.origin,
      path: request.path,
      method: request.method,
      headers: { ...type, ...request.headers, ...target.headers },
      ...(body === undefined ? {} : { body }),
      timeoutMs: configuration.timeoutMs,
      maxBodyBytes: configuration.maxBodyBytes,
      signal: context.signal,
      ...(configuration.ca === undefined ? {} : { ca: configuration.ca }),
    });
    return { answered: true, results: assertAnswer(name, answer, request.expect) };
  } catch (error) {
    context.signal.throwIfAborted();
    return {
      answered: false,
      results: [{ name, verdict: "error", message: describeFailure(error) }],
    };
  }
}

/** A fail is shown before an error: it says something about the release. */
const worstFirst: readonly Verdict[] = ["fail", "error", "partial", "pass"];

function worst(results: readonly Result[]): Verdict {
  return (
    worstFirst.find((verdict) => results.some((result) => result.verdict === verdict)) ??
    "inconclusive"
  );
}

function summarise(
  verdict: Verdict,
  results: readonly Result[],
  requests: number,
  targets: number,
): string {
  if (targets === 0) return "there is no instance to ask";
  if (results.length === 0) return "no request is configured";
  const first = results.find((result) => result.verdict === verdict);
  const bad = results.filter((result) => result.verdict !== "pass").length;
  if (verdict === "pass" || first === undefined) {
    return `${requests} requests to ${targets} addresses, ${results.length} assertions, all as expected`;
  }
  const others = bad > 1 ? ` (and ${bad - 1} more)` : "";
  return `${first.name} ${first.message}${others}`;
}
