import { describe, expect, it } from "vitest";
import {
  AuditStory,
  type StoryOptions,
  type Tampered,
  trustRoot,
} from "../../../test/support/audit-story.ts";
import { utf8 } from "../../ledger/bytes.ts";
import { evaluator } from "../../policy/decide.ts";
import { decisionRecord } from "../../policy/record.ts";
import { decideAgain, type DecisionInputs } from "../../policy/replay.ts";
import { verifyPack } from "../verify-pack.ts";
import { makePack, type PackContent } from "../write-pack.ts";

/** Everybody here holds the log's key: what catches them is that decisions are made again. */
async function verified(
  options: StoryOptions = {},
  change: (content: PackContent) => PackContent = (content) => content,
) {
  const story = await AuditStory.tell(options);
  const { report } = verifyPack(makePack(change(await story.content())), trustRoot());
  const problems = report.problems.map(({ where, message }) => `${where}: ${message}`);
  return { report, problems };
}

/** The third promotion is the one that passed its gate in production. */
const only = (id: string, tamper: NonNullable<StoryOptions["tamper"]>): StoryOptions => ({
  tamper: (of) => (of.promotion === id ? tamper(of) : of.payload),
});

type GateInputs = Extract<DecisionInputs, { kind: "gate" }>;

const inputsOf = ({ decided }: Tampered) => structuredClone(decided.inputs) as GateInputs;

describe("the decisions of a pack", () => {
  it("are made again from their inputs, and counted", async () => {
    const { report, problems } = await verified();
    expect(problems).toEqual([]);
    expect(report.decisions).toEqual({ replayed: 3, notReplayable: [] });
    const line = report.checks.find(({ id }) => id === "decisions");
    expect(line).toMatchObject({ state: "ok", count: 3 });
  });

  it("fail when inputs are missing, naming the decision", async () => {
    const { problems } = await verified({}, (content) => ({
      ...content,
      blobs: content.blobs.filter(
        (bytes) => !Buffer.from(bytes).includes('"kind":"gate","ledger"'),
      ),
    }));
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(
      /entry \d+, stream shop\/production: the decision pfirst\/5: its inputs \(sha256:\w+\) are missing/,
    );
  });

  it("fail when an input was changed and put there under its new digest, but the entry stands", async () => {
    const { problems } = await verified({}, (content) => ({
      ...content,
      blobs: content.blobs.map((bytes) => {
        const text = Buffer.from(bytes).toString();
        return text.includes("smoke says fail") ? utf8(text.replaceAll("fail", "pass")) : bytes;
      }),
    }));
    expect(problems.join("\n")).toMatch(
      /the decision pfirst\/5: its inputs \(sha256:\w+\) are missing/,
    );
    expect(problems.join("\n")).toContain("no entry and no attestation names it");
  });

  it("fail when the verdict of a check was flipped in inputs that no report bears out", async () => {
    const { problems } = await verified(
      only("pfirst", (of) => {
        const inputs = inputsOf(of);
        Object.assign(inputs.evidence[0] ?? {}, { verdict: "pass", summary: "smoke says pass" });
        const { decision, inputs: kept } = decideAgain(inputs);
        expect(decision.outcome).toBe("allow");
        of.story.blob(kept);
        return { ...of.payload, ...decisionRecord(decision), attestations: [] };
      }),
    );
    expect(problems.join("\n")).toContain(
      "the decision pfirst/5: it leaned on pass of the check smoke, which no entry reports",
    );
  });

  it("fail when the entry says another outcome than follows from its inputs", async () => {
    const flip = only("pfirst", ({ payload }) => ({ ...payload, outcome: "allow" }));
    const { problems } = await verified(flip);
    expect(problems.join("\n")).toContain(
      "the decision pfirst/5: it says allow, and from its inputs follows deny",
    );
  });

  it("fail when a reason, a grade or the digest of the whole was rewritten", async () => {
    const grades = { isolation: "sandbox", identity: "native", governance: "team" };
    for (const [part, value, said] of [
      ["reasons", [], "its reasons are not what follows from its inputs"],
      ["grades", grades, "its grades are not what follows"],
      ["decision", `sha256:${"d".repeat(64)}`, "its decision is not what follows"],
    ] as const) {
      const change = only("pthird", ({ payload }) => ({ ...payload, [part]: value }));
      expect((await verified(change)).problems.join("\n"), part).toContain(said);
    }
  });

  it("fail when the signed statement says another decision than the entry", async () => {
    const { report, problems } = await verified(
      only("pthird", async ({ decided, payload, story }) => {
        story.attestations.pop();
        const reasons = decided.decision.reasons.filter(({ rule }) => rule !== "governance");
        const forged = await story.attestDecision({ ...decided.decision, reasons });
        return { ...payload, attestations: [forged] };
      }),
    );
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(
      /pthird\/5: the signed statement sha256:\w+ states another decision/,
    );
    expect(report.decisions).toBeNull();
  });

  it("fail when checks were taken out of the demand, or it is for another release than the plan", async () => {
    for (const [change, said] of [
      [
        (inputs: GateInputs) => ({ ...inputs, checks: [], evidence: [] }),
        "another list of checks than the plan",
      ],
      [
        (inputs: GateInputs) => ({
          ...inputs,
          subject: { ...inputs.subject, configuration: `sha256:${"e".repeat(64)}` },
        }),
        "another configuration than the plan",
      ],
      [
        (inputs: GateInputs) => ({ ...inputs, diversity: { asked: {}, scanners: [] } }),
        "another demand for different programs than the plan",
      ],
      [
        (inputs: GateInputs) => ({ ...inputs, ledger: null }),
        "without holding its inputs against the ledger",
      ],
    ] as const) {
      const options = only("pthird", (of) => {
        const decided = decideAgain(change(inputsOf(of)));
        of.story.blob(decided.inputs);
        return { ...of.payload, ...decisionRecord(decided.decision), attestations: [] };
      });
      expect((await verified(options)).problems.join("\n")).toContain(said);
    }
  });

  it("of other rules are no false alarm: the report says which rules decided, and which it has", async () => {
    const other = only("pthird", ({ payload }) => ({ ...payload, evaluator: "tidelock-policy/9" }));
    const { report, problems } = await verified(other);
    expect(problems).toEqual([]);
    expect(report.decisions).toMatchObject({
      replayed: 2,
      notReplayable: [
        {
          operation: "pthird/5",
          reason: `decided by evaluator tidelock-policy/9, this verifier has ${evaluator}`,
        },
      ],
    });
    expect(report.unknown.join(" ")).toContain("Whether 1 decision was right cannot be recomputed");
  });

  it("whose inputs were erased are named as not replayable, and not as replayed", async () => {
    const { report, problems } = await verified({ erase: true });
    expect(problems).toEqual([]);
    expect(report.decisions).toMatchObject({
      replayed: 2,
      notReplayable: [{ operation: "pthird/5", reason: "erased: its inputs are gone" }],
    });
  });

  it("of a version that kept no inputs are counted; among later ones they fail", async () => {
    const without = ({ payload }: Tampered) => {
      const { inputs: _inputs, evaluator: _evaluator, ...rest } = payload;
      return rest;
    };
    const unnamed = (content: PackContent): PackContent => ({
      ...content,
      blobs: content.blobs.filter(
        (bytes) => !Buffer.from(bytes).includes('"kind":"gate","ledger"'),
      ),
    });
    const old = await verified({ tamper: without }, unnamed);
    expect(old.report.decisions).toMatchObject({ replayed: 0 });
    expect(old.report.decisions?.notReplayable).toHaveLength(3);
    const later = await verified(only("pthird", without));
    expect(later.problems.join("\n")).toContain("the decision pthird/5: it names no inputs");
  });
});
