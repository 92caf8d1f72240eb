import { describe, expect, it } from "vitest";
import { checks } from "../src/checks/registry.ts";
import { parseDocuments } from "../src/pipeline-file/parse.ts";
import { peopleProfiles } from "../src/pipeline-file/people-profiles.ts";
import { profiles } from "../src/pipeline-file/profiles.ts";

function demands(environment: string): readonly { name: string; uses: string; phase: string }[] {
  const text = `
apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: shop }
spec:
  processes: { web: { command: [node, server.js] } }
  environments:
    - { name: one, ${environment} }
`;
  const { pipelines } = parseDocuments("t.yaml", text, { checks });
  return pipelines[0]!.spec.environments[0]!.checks;
}

describe("profiles", () => {
  it.each(Object.entries(profiles))(
    "%s names adapters that take no configuration",
    (_, defaults) => {
      expect(defaults.length).toBeGreaterThan(0);
      for (const { uses } of defaults) {
        expect(checks.has(uses), uses).toBe(true);
        expect(checks.get(uses)?.schema.safeParse({}).success, uses).toBe(true);
      }
    },
  );

  it.each(Object.entries(profiles))(
    "%s stands in the document as ordinary demands",
    (name, defaults) => {
      expect(demands(`profile: ${name}`).map((check) => check.name)).toEqual(
        defaults.map((one) => one.name),
      );
    },
  );

  it("give way to an own check of the same name, and can be needed", () => {
    const found = demands(
      "profile: testing, checks: [{name: dast, uses: command, with: {command: [x]}}, {name: more, uses: smoke, needs: [sast]}]",
    );
    expect(found.filter(({ name }) => name === "dast")).toMatchObject([{ uses: "command" }]);
    expect(found.map(({ name }) => name)).toEqual(["sast", "smoke", "dast", "more"]);
  });

  it("leave out what would meet users where there is no idle colour", () => {
    const names = demands("profile: production, strategy: recreate").map(({ name }) => name);
    expect(names).not.toContain("dast");
    expect(names).toContain("smoke-live");
  });

  it("bring nothing where nobody names one", () => {
    expect(demands("gate: baseline")).toEqual([]);
  });
});

describe("what profiles ask people", () => {
  it("is asked only where the file says so", () => {
    const names = (environment: string) => demands(environment).map(({ name }) => name);
    for (const [profile, asked] of Object.entries(peopleProfiles)) {
      const own = asked.map(({ name }) => name);
      const without = names(`profile: ${profile}`);
      expect(names(`profile: ${profile}, people: true`)).toEqual([...without, ...own]);
    }
    expect(names("people: true")).toEqual([]);
    expect(names("profile: testing, people: true, strategy: recreate")).not.toContain(
      "expert-session",
    );
  });
});
