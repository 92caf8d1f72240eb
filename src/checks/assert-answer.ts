import { isDeepStrictEqual } from "node:util";
import { printable } from "../model/printable.ts";
import type { CheckReport, Verdict } from "../model/verdict.ts";
import type { Exchange } from "./exchange.ts";
import { parseJsonPath, readJsonPath } from "./json-path.ts";
import { safeMatch } from "./safe-match.ts";
import type { Expectation } from "./request-schema.ts";

type Result = CheckReport["results"][number];

/** Holds one answer against what was expected: one result for each assertion, passes included. */
export function assertAnswer(name: string, answer: Exchange, expected: Expectation): Result[] {
  const results: Result[] = [];
  const assert = (what: string, verdict: Verdict, message: string) => {
    results.push({ name: `${name}: ${what}`, verdict, message });
  };

  const statuses = [expected.status].flat();
  const right = statuses.includes(answer.status);
  const wanted = statuses.join(" or ");
  assert("status", right ? "pass" : "fail", `got ${answer.status}, expected ${wanted}`);

  for (const [header, rule] of Object.entries(expected.headers)) {
    assert(`header ${header}`, ...assertHeader(answer.headers[header.toLowerCase()], rule));
  }
  if (expected.latencyMs !== undefined) {
    const took = Math.round(answer.latencyMs);
    const verdict = answer.latencyMs <= expected.latencyMs ? "pass" : "fail";
    assert("latency", verdict, `took ${took} ms, at most ${expected.latencyMs} ms are allowed`);
  }
  if (expected.body !== undefined) results.push(...assertBody(name, answer, expected.body));
  return results;
}

type HeaderRule = Expectation["headers"][string];

function assertHeader(found: string | string[] | undefined, rule: HeaderRule): [Verdict, string] {
  const value = Array.isArray(found) ? found.join(", ") : found;
  if (typeof rule === "object" && "absent" in rule) {
    return value === undefined ? ["pass", "is absent"] : ["fail", `is there: ${quote(value)}`];
  }
  if (value === undefined) return ["fail", "is missing"];
  if (typeof rule === "object" && "matches" in rule) return matched(rule.matches, value);
  const text = typeof rule === "string" ? rule : rule.equals;
  return value === text
    ? ["pass", `is ${quote(text)}`]
    : ["fail", `is ${quote(value)}, expected ${quote(text)}`];
}

function assertBody(
  name: string,
  answer: Exchange,
  expected: NonNullable<Expectation["body"]>,
): Result[] {
  const results: Result[] = [];
  const assert = (what: string, verdict: Verdict, message: string) => {
    results.push({ name: `${name}: ${what}`, verdict, message });
  };
  const { body, truncated } = answer;
  const cutNote = truncated ? " in the part that was read (the body is longer than the limit)" : "";

  if (expected.equals !== undefined) {
    const same = body === expected.equals && !truncated;
    assert("body", same ? "pass" : "fail", same ? "is as expected" : `is ${quote(body)}${cutNote}`);
  }
  for (const text of [expected.contains ?? []].flat()) {
    const has = body.includes(text);
    assert("body", has ? "pass" : "fail", `${has ? "contains" : "lacks"} ${quote(text)}${cutNote}`);
  }
  for (const text of [expected.lacks ?? []].flat()) {
    const has = body.includes(text);
    // What was not read may hold it: that is no pass (law 2).
    const verdict = has ? "fail" : truncated ? "partial" : "pass";
    assert("body", verdict, `${has ? "contains" : "lacks"} ${quote(text)}${cutNote}`);
  }
  if (expected.matches !== undefined) assert("body", ...matched(expected.matches, body));
  if (expected.json !== undefined) results.push(...assertJson(name, answer, expected.json));
  return results;
}

function assertJson(
  name: string,
  { body, truncated }: Exchange,
  expected: NonNullable<NonNullable<Expectation["body"]>["json"]>,
): Result[] {
  if (truncated) {
    const message = "is longer than `maxBodyBytes`, so its JSON was not read";
    return [{ name: `${name}: body`, verdict: "partial", message }];
  }
  let data: unknown;
  try {
    data = JSON.parse(body);
  } catch {
    return [{ name: `${name}: body`, verdict: "fail", message: `is not JSON: ${quote(body)}` }];
  }
  return Object.entries(expected).map(([path, wanted]) => {
    const found = readJsonPath(data, parseJsonPath(path) ?? []);
    const same = isDeepStrictEqual(found, wanted);
    const message = same
      ? `is ${quote(JSON.stringify(wanted))}`
      : `is ${found === undefined ? "missing" : quote(JSON.stringify(found))}, expected ${quote(JSON.stringify(wanted))}`;
    return { name: `${name}: body ${path}`, verdict: same ? "pass" : "fail", message };
  });
}

function matched(pattern: string, text: string): [Verdict, string] {
  const result = safeMatch(pattern, text);
  const shown = `/${printable(pattern, 100)}/`;
  if (result === "match") return ["pass", `matches ${shown}`];
  if (result === "too-slow")
    return ["error", `${shown} takes too long on this text; write it simpler`];
  return ["fail", `does not match ${shown}: ${quote(text)}`];
}

function quote(text: string): string {
  return `"${printable(text, 120)}"`;
}
