import { describe, expect, it } from "vitest";
import { CheckDemand, Environment } from "../model/pipeline.ts";
import { dedicationProblem } from "./dedicated.ts";

const lab = Environment.parse({
  apiVersion: "tidelock.dev/v1",
  kind: "Environment",
  metadata: { name: "lab" },
  spec: { tier: "testing", dedicated: "security" },
});
const everybody = Environment.parse({ ...lab, spec: { tier: "testing" } });
const kinds = new Map([
  ["sast", { scans: ["sast" as const] }],
  ["smoke", { purpose: "security" as const }],
  ["command", { purpose: "told" as const }],
  ["load", {}],
]);

function problem(...checks: readonly object[]) {
  const demands = checks.map((check, index) => CheckDemand.parse({ name: `c${index}`, ...check }));
  return dedicationProblem(lab, "shop", demands, kinds)?.message ?? null;
}

describe("an environment dedicated to security", () => {
  it("takes what scans, what says it is for security, and what the demand says is", () => {
    expect(
      problem({ uses: "sast" }, { uses: "smoke" }, { uses: "command", purpose: "security" }),
    ).toBeNull();
  });

  it.each([
    ["no check at all", [], "demands no check there"],
    [
      "one that can be anything",
      [{ uses: "command" }],
      "check c0 (command) of shop is another job",
    ],
    ["one that is for something else", [{ uses: "sast" }, { uses: "load" }], "check c1 (load)"],
    [
      "one that only claims to be",
      [{ uses: "load", purpose: "security" }],
      "check c0 (load) of shop is another job",
    ],
    ["one that nobody knows", [{ uses: "novel", purpose: "security" }], "check c0 (novel)"],
  ])("refuses %s", (_, checks, why) => {
    expect(problem(...checks)).toContain(why);
  });

  it("is like any other without the word", () => {
    expect(dedicationProblem(everybody, "shop", [], kinds)).toBeNull();
  });
});
