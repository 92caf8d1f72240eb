import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkKinds } from "../../compose-local.ts";
import { parseDocuments } from "../../pipeline-file/parse.ts";
import { Obligations, type Proof } from "../../model/requirements.ts";
import { Verdict } from "../../model/verdict.ts";
import { documents } from "../../../test/support/engine-bench.ts";
import { obligationsIn } from "./asked.ts";
import { obligationGrounds, type ObligationInput } from "./grounds.ts";
import { proofsOf, type ShownRun, stateOf } from "./shown.ts";
import { questionsFor } from "./questions.ts";
import { surfaceOf } from "./surface.ts";
import { vectors } from "./vectors.ts";

const now = "2026-01-10T12:00:00.000Z";
const run: ShownRun = {
  environment: "staging",
  check: "login",
  uses: "http",
  with: { path: "/login", status: 200 },
  verdict: "pass",
  exercised: true,
  at: "2026-01-10T11:00:00.000Z",
  expiresAt: null,
};
const proof: Proof = { uses: "http", with: { path: "/login" }, in: ["staging"] };
const asking = (one: Proof, runs: readonly ShownRun[]): ObligationInput => ({
  asked: [{ kind: "requirement", id: "ASVS-2.1", text: "strangers sign in", proofs: [one] }],
  surface: null,
  runs,
});
const answer = (one: Proof, runs: readonly ShownRun[]) =>
  obligationGrounds(asking(one, runs), "production", now)[0];

describe("a requirement", () => {
  it("is met by a fresh pass of exactly the check that it names", () => {
    expect(answer(proof, [run])).toMatchObject({ outcome: "allow", rule: "requirement" });
  });

  it.each<[string, Partial<ShownRun>, string]>([
    ["has only a check of the same name by another adapter", { uses: "command" }, "has not run"],
    ["has only one that was told less", { with: {} }, "has not run"],
    ["has only one that was told something else", { with: { path: "/" } }, "has not run"],
    ["has only one of another environment", { environment: "dev" }, "has not run"],
    ["failed", { verdict: "fail" }, "has failed"],
    ["only warned", { verdict: "warn" }, "is warn"],
    ["passed and looked at nothing", { exercised: false }, "exercised nothing"],
    ["expired", { expiresAt: now }, "too long ago"],
    ["expires who knows when", { expiresAt: "later" }, "too long ago"],
    ["ran in the future", { at: "2027-01-01T00:00:00.000Z" }, "too long ago"],
  ])("is not met by a run that %s", (_name, change, why) => {
    const ground = answer(proof, [{ ...run, ...change }]);
    expect(ground?.outcome).toBe("deny");
    expect(ground?.message).toContain(why);
  });

  it("is not met by what is older than it allows, nor by nothing", () => {
    expect(answer({ ...proof, maxAge: 3_600_000 }, [run])?.outcome).toBe("deny");
    expect(answer({ ...proof, maxAge: 3_600_001 }, [run])?.outcome).toBe("allow");
    expect(answer(proof, [])?.message).toContain("a check by http with path as required in staging has not run"); // prettier-ignore
  });

  it("is not met by a pass when another run of the same moment is none, in whatever order they come", () => {
    const other = { ...run, verdict: "missing" as const };
    expect(answer(proof, [run, other])?.outcome).toBe("deny");
    expect(answer(proof, [other, run])?.outcome).toBe("deny");
  });

  it("that a run has failed stays failed whatever is run afterwards", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Verdict.options), { maxLength: 5 }), (later) => {
        const runs = later.map((verdict) => ({ ...run, verdict, at: "2026-01-10T11:30:00.000Z" }));
        return answer(proof, [{ ...run, verdict: "fail" }, ...runs])?.outcome === "deny";
      }),
    );
  });

  it("is opened by no further run that is no pass", () => {
    const anyRun = fc.record({
      ...Object.fromEntries(Object.entries(run).map(([key, value]) => [key, fc.constant(value)])),
      verdict: fc.constantFrom(...Verdict.options),
      environment: fc.constantFrom("staging", "dev"),
      exercised: fc.boolean(),
    }) as fc.Arbitrary<ShownRun>;
    fc.assert(
      fc.property(fc.array(anyRun, { maxLength: 4 }), anyRun, (runs, further) => {
        fc.pre(further.verdict !== "pass" && answer(proof, runs)?.outcome === "deny");
        return answer(proof, [...runs, further])?.outcome === "deny";
      }),
    );
  });
});

describe("the state of a requirement", () => {
  const state = (runs: readonly ShownRun[]) =>
    stateOf(proofsOf({ proofs: [proof] }, runs, "production", now));

  it("is fail for what failed, pass for what its gate takes, and not-run for all that shows nothing", () => {
    expect(state([run])).toBe("pass");
    expect(state([run, { ...run, verdict: "fail", at: "2026-01-01T00:00:00.000Z" }])).toBe("fail");
    for (const verdict of Verdict.options) {
      const said = state([{ ...run, verdict }]);
      expect(said).toBe(verdict === "pass" || verdict === "fail" ? verdict : "not-run");
    }
    expect(state([])).toBe("not-run");
    expect(state([{ ...run, expiresAt: now }])).toBe("not-run");
    expect(stateOf([])).toBe("not-run");
  });

  it("passes exactly where the gate says that it is met", () => {
    const anyRun = fc.record({
      verdict: fc.constantFrom(...Verdict.options),
      environment: fc.constantFrom("staging", "dev"),
      exercised: fc.boolean(),
      at: fc.constantFrom(run.at, "2026-01-09T11:00:00.000Z", "2027-01-01T00:00:00.000Z"),
      expiresAt: fc.constantFrom(null, now),
    });
    fc.assert(
      fc.property(fc.array(anyRun, { maxLength: 4 }), (some) => {
        const runs = some.map((one) => ({ ...run, ...one }));
        return (state(runs) === "pass") === (answer(proof, runs)?.outcome === "allow");
      }),
    );
  });
});

describe("what a pipeline and its environment ask for", () => {
  const model = (surface: readonly string[]) => `  threatModel:
    reviewedBy: Ada
    reviewed: 2026-01-01
    environments: [production]
    surface: ${JSON.stringify(surface)}
    threats:
      - { id: T-1, text: A stranger signs in, stride: [spoofing], mitigatedBy: [{ uses: staged }] }
  requirements:
    - { id: R-1, text: It answers, environments: [production], satisfiedBy: [{ uses: staged, maxAge: 1d }] }`; // prettier-ignore
  const floor = `  floor: { requirements: [{ id: P-1, text: PCI, environments: [production], satisfiedBy: [{ uses: staged, in: [dev] }] }] }`; // prettier-ignore
  const parsed = (surface: readonly string[]) => {
    const text = documents({ floor }).trimEnd();
    const { pipelines, environments } = parseDocuments("t.yaml", `${text}\n${model(surface)}\n`);
    const [pipeline] = pipelines;
    const production = environments.find((one) => one.metadata.name === "production");
    if (!pipeline || !production) throw new Error("no such documents");
    return { pipeline, production };
  };

  it("are the owners' requirements, its own, and each threat of its model", () => {
    const { pipeline, production } = parsed([]);
    const found = obligationsIn(pipeline, production);
    expect(found?.asked.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      "requirement P-1",
      "requirement R-1",
      "threat T-1",
    ]);
    expect(found?.surface?.added).toContain("process web, takes users' requests, keeps nothing");
  });

  it("is read from a plan as it was written there, the greatest age of a proof too", () => {
    const { pipeline, production } = parsed([]);
    const found = obligationsIn(pipeline, production);
    if (!found) throw new Error("nothing is asked");
    expect(found.asked[1]?.proofs[0]?.maxAge).toBe(86_400_000);
    expect(z.encode(Obligations, found)).toEqual(found);
    expect(Obligations.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
  });

  it("is, with a model of another surface than this, that somebody looks again", () => {
    const { pipeline, production } = parsed(["process cron, takes none, keeps nothing"]);
    const found = obligationsIn(pipeline, production);
    if (!found?.surface) throw new Error("nothing is asked");
    const grounds = obligationGrounds({ ...found, runs: [] }, "production", now);
    const last = grounds.at(-1);
    expect(last).toMatchObject({ outcome: "deny", rule: "threat-model" });
    expect(last?.message).toContain("- process cron");
    const asked = questionsFor(found.surface);
    expect(asked.find(({ line }) => line.includes("process web"))?.questions[0]).toContain("Who may call it"); // prettier-ignore
    const same = parsed(surfaceOf(pipeline, production));
    const now2 = obligationsIn(same.pipeline, same.production);
    expect(now2?.surface).toMatchObject({ added: [], removed: [] });
  });
});

it("the catalogue of attacks names checks that there are, each attack once", async () => {
  const kinds = await checkKinds();
  expect(vectors.flatMap(({ checks }) => checks).filter((id) => !kinds.has(id))).toEqual([]);
  expect(new Set(vectors.map(({ id }) => id)).size).toBe(vectors.length);
});
