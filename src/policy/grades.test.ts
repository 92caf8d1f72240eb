import { describe, expect, it } from "vitest";
import { governanceGround, identityGround, isolationGround } from "./grades.ts";

describe("what is said of the isolation", () => {
  const held = (grade: string) => ({
    outcome: "allow",
    rule: "isolation",
    message: `services and checks run with isolation ${grade}`,
  });
  const lacking = (grade: string, wanted: string) => ({
    outcome: "deny",
    rule: "isolation",
    message: `isolation is ${grade}, but ${wanted} is demanded here; \`tidelock doctor\` says what is missing on this machine`,
  });

  it("is what it is, where it is at least what the preset and the environment demand", () => {
    expect(isolationGround("baseline", "none", "none")).toEqual(held("none"));
    expect(isolationGround("strict", "none", "separate-user")).toEqual(held("separate-user"));
    expect(isolationGround("strict", "separate-user", "sandbox")).toEqual(held("sandbox"));
    expect(isolationGround("baseline", "sandbox", "sandbox")).toEqual(held("sandbox"));
  });

  it("is else what is lacking, the stronger demand of the two", () => {
    expect(isolationGround("strict", "none", "none")).toEqual(lacking("none", "separate-user"));
    expect(isolationGround("strict", "sandbox", "separate-user")).toEqual(
      lacking("separate-user", "sandbox"),
    );
    expect(isolationGround("baseline", "separate-user", "none")).toEqual(
      lacking("none", "separate-user"),
    );
  });
});

describe("what is said of who answered", () => {
  it.each(["bound", "native"] as const)(
    "is that the instances are %s to the release",
    (identity) => {
      for (const preset of ["baseline", "strict"] as const) {
        expect(identityGround(preset, identity)).toEqual({
          outcome: "allow",
          rule: "identity",
          message: `the tested instances are ${identity} to the release`,
        });
      }
    },
  );

  it("is that nothing shows it, which only the baseline lets through", () => {
    expect(identityGround("strict", "none")).toEqual({
      outcome: "deny",
      rule: "identity",
      message: "nothing shows which process answered; the strict gate demands it",
    });
    expect(identityGround("baseline", "none")).toEqual({
      outcome: "allow",
      rule: "identity",
      message: "nothing shows which process answered the checks",
    });
  });
});

it("what is said of the people is whether anybody else has looked", () => {
  const said = (message: string) => ({ outcome: "allow", rule: "governance", message });
  expect(governanceGround("solo")).toEqual(said("solo mode: nobody else has looked at this"));
  expect(governanceGround("team")).toEqual(said("team mode"));
});
