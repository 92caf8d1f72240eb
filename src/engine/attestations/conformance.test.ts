import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { conformanceDifferences } from "../../audit/checks/conformance.ts";
import { verifyPack } from "../../audit/verify-pack.ts";
import { canonicalJson } from "../../model/canonical.ts";
import { decision as decisionKind } from "../../evidence/predicates/decision.ts";
import { conformance as conformanceKind } from "../../evidence/predicates/conformance.ts";
import { checkRun } from "../../evidence/predicates/check-run.ts";
import { readEnvelope } from "../../evidence/dsse.ts";
import { readStatement } from "../../evidence/statement.ts";
import { replay } from "../../policy/replay.ts";

let bench: EngineBench;
let worker: Worker;
const floor = "  floor: { checks: [{ name: owners, uses: staged, with: { by: owners } }] }";
const checks =
  "        - { name: lint, uses: staged, phase: static, allowWarn: true }\n        - { name: after, uses: staged, phase: live, with: { a: 1 } }";

beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  const text = documents({ floor }).replace(
    "checks: [{ name: smoke, uses: staged }]",
    `checks:\n        - { name: smoke, uses: staged }\n${checks}`,
  );
  await worker.controlPlane.applyDocuments(operator, "t.yaml", text);
  await worker.controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
  await promoted("dev");
});
afterEach(() => bench.close());

async function promoted(environment: string) {
  const { controlPlane } = worker;
  const { id } = await controlPlane.promote(operator, {
    service: "shop",
    environment,
    release: "1.0.0",
  });
  return ended(controlPlane, id);
}

const show = (id: string) => worker.controlPlane.checks.conformance(id);

describe("the report before a switch", () => {
  it("names each demanded control with its evidence, grades, floor and exceptions", async () => {
    bench.staged.verdicts = ["warn", "pass", "pass", "pass"];
    bench.staged.report = { tools: { stager: "3" } };
    const { id, state } = await promoted("production");
    expect(state).toBe("complete");
    const { report, statement } = await show(id);
    expect(report).toMatchObject({
      promotion: id,
      subject: { service: "shop", environment: "production", colour: "blue" },
      decision: { outcome: "allow" },
      controls: [
        { name: "after", phase: "live", outcome: "later", evidence: [] },
        { name: "lint", outcome: "allow", rule: "check.warn", evidence: [{ verdict: "warn" }] },
        { name: "owners", floor: true, outcome: "allow" },
        { name: "smoke", floor: false, evidence: [{ statement: { tools: { stager: "3" } } }] },
      ],
      grades: { identity: "bound" },
      predecessors: [{ environment: "dev" }],
      exceptions: [{ rule: "check.warn" }],
    });
    const { db } = bench.database;
    const entry = await db
      .selectFrom("ledger_entries")
      .selectAll()
      .where("kind", "=", "decision.made")
      .orderBy("entry", "desc")
      .executeTakeFirstOrThrow();
    expect(JSON.stringify(entry.payload)).toContain(statement);
    const moved = await db
      .selectFrom("ledger_entries")
      .select("entry")
      .where("operation", "like", `${id}/%/switch%`)
      .orderBy("entry")
      .executeTakeFirstOrThrow();
    expect(Number(entry.entry)).toBeLessThan(Number(moved.entry));
  });

  it("is made again from an audit pack, and a forged one is found", async () => {
    const { id } = await promoted("production");
    const pack = await worker.controlPlane.exportPack(operator, {
      kind: "release",
      service: "shop",
      release: "1.0.0",
      seen: [],
    });
    const { report } = verifyPack(pack.zip, null);
    expect(report.problems).toEqual([]);
    expect(report.decisions?.notReplayable).toEqual([]);

    const rows = await bench.database.db.selectFrom("attestations").selectAll().execute();
    const attestations = rows.flatMap((row) => {
      const envelope = row.content && readEnvelope(row.content);
      const payload = envelope && envelope.ok ? envelope.value.payload : "";
      const read = readStatement(Buffer.from(payload, "base64"));
      if (!read.ok) return [];
      const { predicateType, predicate } = read.value;
      return [
        {
          digest: row.digest,
          about: row.about,
          predicateType,
          predicate,
          subjects: [],
          digests: [],
        },
      ];
    });
    const { report: made } = await show(id);
    const inputs = await bench.database.db
      .selectFrom("decision_inputs")
      .select("content")
      .where("digest", "=", made.decision.inputs)
      .executeTakeFirstOrThrow();
    const again = replay(String(inputs.content));
    if (!again.ok) throw new Error(again.problem);
    const gate = attestations.filter(
      ({ about, predicateType, predicate }) =>
        about === id &&
        (predicateType === conformanceKind.type ||
          (predicateType === decisionKind.type &&
            (predicate["step"] as { kind: string }).kind === "gate")),
    );
    const runs = attestations.filter(({ predicateType }) => predicateType === checkRun.type);
    const differences = (named: typeof gate) =>
      conformanceDifferences(again, id, named, runs, new Map(), () => false);
    expect(differences(gate)).toEqual([]);
    const forged = gate.map((one) =>
      one.predicateType === conformanceKind.type
        ? {
            ...one,
            predicate: JSON.parse(
              canonicalJson(one.predicate).replace('"verdict":"pass"', '"verdict":"fail"'),
            ) as Record<string, unknown>,
          }
        : one,
    );
    expect(differences(forged)[0]).toContain("is not what follows");
  });

  it("is missing as long as no gate before a switch has decided", async () => {
    bench.staged.verdicts = ["fail"];
    const { id, state } = await promoted("production");
    expect(state).toBe("failed");
    await expect(show(id)).rejects.toThrow(/no conformance report/);
    await expect(show("nothing")).rejects.toThrow(/nothing/);
  });

  it("is refused when somebody has changed the stored statement", async () => {
    const { id } = await promoted("production");
    const { statement } = await show(id);
    const row = await bench.database.db
      .selectFrom("attestations")
      .select("content")
      .where("digest", "=", statement)
      .executeTakeFirstOrThrow();
    const content = Buffer.from(String(row.content).replace("payload", "payloae"));
    await bench.database.db
      .updateTable("attestations")
      .set({ content })
      .where("digest", "=", statement)
      .execute();
    await expect(show(id)).rejects.toThrow(/other bytes/);
  });
});
