import { expect, it } from "vitest";
import { z } from "zod";
import { Environment, Pipeline } from "../model/pipeline.ts";
import { isDurationKey } from "./document-words.ts";
import { policyDiff } from "./policy-diff.ts";

const smoke = { name: "smoke", uses: "http", timeout: 60_000, with: { timeout: 5, paths: ["/"] } };
const before = { name: "staging", floor: { gate: "baseline", minimumSoak: 0, checks: [smoke] } };

it("says what differs as the document writes it: durations with their unit, lists in one line", () => {
  const after = {
    name: "staging",
    floor: { gate: "strict", minimumSoak: 1_800_000, maxAge: 604_800_000, checks: [smoke] },
    after: ["dev", "test 2", "true"],
  };
  expect(policyDiff("environment staging", before, after)).toEqual([
    'environment staging: after is new: [dev, "test 2", "true"]',
    "environment staging: floor.gate: baseline becomes strict",
    "environment staging: floor.maxAge is new: 7d",
    "environment staging: floor.minimumSoak: 0s becomes 30m",
  ]);
});

it("shows a check whole where it is new or goes, and of one that stays only what is otherwise", () => {
  const slower = { ...smoke, timeout: 90_000, with: { timeout: 7, paths: ["/", "/items"] } };
  const whole = "{name: smoke, uses: http, timeout: 1m, with: {timeout: 5, paths: [/]}}";
  const none = { name: "staging", floor: { gate: "baseline", minimumSoak: 0, checks: [] } };
  const changed = { ...before, floor: { ...before.floor, checks: [slower] } };
  expect(policyDiff("s", before, none)).toEqual([`s: floor.checks.smoke goes: it was ${whole}`]);
  expect(policyDiff("s", none, before)).toEqual([`s: floor.checks.smoke is new: ${whole}`]);
  expect(policyDiff("s", before, changed)).toEqual([
    "s: floor.checks.smoke: timeout 1m becomes 90s; with.paths [/] becomes [/, /items]; with.timeout 5 becomes 7",
  ]);
});

it("knows of every key of a document outside a check's own part whether it is a duration", () => {
  const found = new Set<string>();
  for (const document of [Pipeline, Environment]) {
    collect(z.toJSONSchema(document, { io: "input", unrepresentable: "any" }), "", found);
  }
  expect(found.size).toBeGreaterThan(10);
  expect([...found].filter((key) => !isDurationKey(key))).toEqual([]);
});

/** Keys whose text has the form of a duration; what an adapter reads (`with`) is left out. */
function collect(node: unknown, key: string, found: Set<string>): void {
  if (typeof node !== "object" || node === null) return;
  const entries = Object.entries(node);
  for (const [name, inner] of entries) {
    if (name === "pattern" && String(inner).includes("ms|s|m|h|d")) found.add(key);
    const same = Array.isArray(node) || ["anyOf", "allOf", "oneOf", "items"].includes(name);
    if (name !== "with") collect(inner, same ? key : name, found);
  }
}
