import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { gauntlt } from "./index.ts";

/** In the form of Cucumber's pretty formatter, which Gauntlt prints with. */
const report = (end: string) => `Using the default profile...
@slow
Feature: Look for cross site scripting (xss) using arachni against a URL

  Scenario: Using arachni, look for cross site scripting \u001B[90m# examples/arachni/arachni-xss.attack:4\u001B[0m
    \u001B[32mGiven "arachni" is installed\u001B[0m \u001B[90m# lib/gauntlt/attack_adapters/arachni.rb:1\u001B[0m
    \u001B[31mThen the output should contain "0 issues were detected."\u001B[0m
      \u001B[31mexpected "3 issues were detected." to include "0 issues" (RSpec::Expectations)\u001B[0m
      examples/arachni/arachni-xss.attack:15:in \`Then the output should contain'

  Scenario: Check headers # examples/curl/simple.attack:9
    Given "curl" is installed # lib/gauntlt/attack_adapters/curl.rb:1

${end}`;
const failed =
  "Failing Scenarios:\ncucumber examples/arachni/arachni-xss.attack:4 # Scenario: Using arachni, look for cross site scripting\n";

it("makes a hit of an attack that failed, with what was said below it", () => {
  const parsed = readText(
    gauntlt,
    report(`${failed}\n2 scenarios (1 failed, 1 passed)\n6 steps (1 failed, 5 passed)\n0m18.3s\n`),
  );
  expect(parsed).toMatchObject({ complete: true, exercised: { scenarios: 2, assertions: 6 } });
  expect(parsed.observations).toMatchObject([
    {
      rule: "Using arachni, look for cross site scripting",
      severity: "high",
      severityStated: false,
      kind: "test",
      place: {
        name: "examples/arachni/arachni-xss.attack Using arachni, look for cross site scripting",
      },
    },
  ]);
  expect(parsed.observations[0]?.message).toContain("3 issues were detected");
});

describe("a report that is not whole", () => {
  it.each([
    ["", "its end"],
    ["2 scenarios (1 undefined, 1 passed)\n", "1 scenarios are undefined"],
    ["2 scenarios (1 failed, 1 passed)\n", "it counts 1 failed scenarios, and names 0"],
    ["2 scenarios (1 passed)\n", "1 scenarios have no result"],
    ["0 scenarios\n", "no scenario"],
  ])("ends with %j: %s", (end, missing) => {
    const parsed = readText(gauntlt, report(end));
    expect(parsed.complete).toBe(false);
    expect(parsed.missing).toContain(missing);
  });

  it("is none of those that passed", () => {
    const parsed = readText(gauntlt, report("2 scenarios (2 passed)\n6 steps (6 passed)\n"));
    expect(parsed).toMatchObject({ observations: [], complete: true });
  });
});

it("reads a long hostile line in linear time", () => {
  const line = `  Scenario: ${"a # ".repeat(200_000)}`;
  const began = performance.now();
  readText(gauntlt, `${line}\n${"cucumber ".repeat(200_000)}\n`);
  expect(performance.now() - began).toBeLessThan(5_000);
});
