import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { cucumberJson } from "./index.ts";

const step = (status: string | null, more: object = {}) => ({
  keyword: "Then ",
  name: "the user is not logged in",
  ...(status === null ? {} : { result: { status, ...more } }),
});
const report = (...elements: object[]) =>
  JSON.stringify([
    { uri: "src/test/resources/features/authentication.feature", name: "Authentication", elements },
  ]);
const scenario = (name: string, steps: object[], more: object = {}) => ({
  id: `authentication;${name}`,
  name,
  type: "scenario",
  steps,
  ...more,
});

describe("Cucumber's report", () => {
  it("has an observation for each scenario that failed, with what its tags say", () => {
    const parsed = readText(
      cucumberJson,
      report(
        scenario("passes", [step("passed"), step("passed")]),
        scenario(
          "fails",
          [step("passed"), step("failed", { error_message: "AssertionError" }), step("skipped")],
          {
            tags: [{ name: "@iriusrisk-cwe-178-auth" }, { name: "@cwe-89" }],
          },
        ),
      ),
    );
    expect(parsed).toMatchObject({ complete: true, exercised: { scenarios: 2, assertions: 4 } });
    expect(parsed.observations).toMatchObject([
      {
        rule: "authentication;fails",
        severity: "high",
        severityStated: false,
        cwe: [178, 89],
        title: "Authentication: fails",
      },
    ]);
    expect(parsed.observations[0]?.message).toContain("AssertionError");
  });

  it.each(["skipped", "pending", "undefined", "ambiguous", "PENDING", null])(
    "is not whole with a step that is %s",
    (status) => {
      const parsed = readText(
        cucumberJson,
        report(scenario("one", [step("passed"), step(status)])),
      );
      expect(parsed).toMatchObject({ complete: false, observations: [] });
    },
  );

  it("counts a background that failed, and a hook, for the scenario", () => {
    const background = { type: "background", name: "", steps: [step("failed")] };
    const hook = scenario("hooked", [step("passed")], {
      after: [{ result: { status: "failed" } }],
    });
    const parsed = readText(
      cucumberJson,
      report(background, scenario("one", [step("skipped")]), hook),
    );
    expect(parsed.observations.map(({ rule }) => rule)).toEqual([
      "authentication;one",
      "authentication;hooked",
    ]);
  });

  it.each(["[]", report(), report(scenario("none", []))])(
    "is not whole when it has nothing: %s",
    (text) => {
      expect(readText(cucumberJson, text).complete).toBe(false);
    },
  );

  it.each(["", "{}", "[{", '[{"elements":[{"steps":[{"result":{}}]}]}]', "null"])(
    "is refused: %j",
    (text) => {
      expect(() => readText(cucumberJson, text)).toThrow();
    },
  );
});
