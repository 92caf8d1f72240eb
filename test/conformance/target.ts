import { expect, test } from "vitest";
import type { Process } from "../../src/model/pipeline.ts";
import type { Slot } from "../../src/model/primitives.ts";
import type { SlotObservation, SlotSpec } from "../../src/ports/host-agent.ts";
import type { EffectContext, Target } from "../../src/ports/target.ts";
import { type Packed, aSpec, fence, slotOf, until } from "../support/agent-harness.ts";

/** What the suite needs to know of a target to try it. */
export interface TargetUnderTest {
  readonly target: () => Target;
  /** A release that becomes ready, and one that never does. Each call may give the same one. */
  readonly good: () => Promise<Packed>;
  readonly bad: () => Promise<Packed>;
  /** What the release is run with; a target that runs no process ignores them. */
  readonly processes: (which: "good" | "bad") => Record<string, Process>;
  /** Whether what was deployed is there, asked of the world and not of the target. */
  readonly isInstalled: (slot: Slot) => Promise<boolean>;
  /** How often the deployment of this slot took effect, asked of the world. */
  readonly effects: (slot: Slot) => Promise<number>;
}

/**
 * The laws of every target (ports/target.ts): repeatable, fenced where the effect happens, honest about
 * what is there, and able to say beforehand what it would do.
 */
export function describesTarget(subject: TargetUnderTest): void {
  const { good, bad, processes } = subject;

  function context(slot: Slot, operation: string, epoch = 1): EffectContext {
    return { fence: fence(epoch, slot), operation: `${slot.service}/${operation}` };
  }

  async function specOf(
    slot: Slot,
    which: "good" | "bad" = "good",
    change: Partial<SlotSpec> = {},
  ): Promise<{ spec: SlotSpec; paths: ReadonlyMap<string, string> }> {
    const artifact = await (which === "good" ? good() : bad());
    return {
      spec: aSpec(artifact, { slot, processes: processes(which), ...change }),
      paths: new Map([[artifact.digest, artifact.path]]),
    };
  }

  function untilState(slot: Slot, ...states: SlotObservation["state"][]): Promise<SlotObservation> {
    return until(`${slot.service} ${states.join("|")}`, async () => {
      const seen = await subject.target().observe(slot);
      return states.includes(seen.state) ? seen : null;
    });
  }

  test("declares that effects are fenced", () => {
    expect(subject.target().fencing).not.toBe("unfenced");
  });

  test("an empty slot is empty, and emptying it is fine", async () => {
    const slot = slotOf("conf-empty");
    const empty = { state: "empty", deployed: null, instances: [] };
    expect(await subject.target().observe(slot)).toMatchObject(empty);
    await subject.target().destroy(context(slot, "destroy"), slot);
    expect(await subject.target().observe(slot)).toMatchObject(empty);
  });

  test("deploys, becomes ready, says what is deployed, and removes it again", async () => {
    const slot = slotOf("conf-life");
    const { spec, paths } = await specOf(slot);
    await subject.target().deploy(context(slot, "deploy"), spec, paths);
    const seen = await untilState(slot, "ready");
    expect(seen.deployed).toEqual({
      release: spec.release,
      releaseName: spec.releaseName,
      configuration: spec.configuration,
      bindings: spec.bindings,
      generation: spec.generation,
    });
    expect(await subject.isInstalled(slot)).toBe(true);
    await subject.target().destroy(context(slot, "destroy"), slot);
    expect(await subject.target().observe(slot)).toMatchObject({ state: "empty", deployed: null });
    expect(await subject.isInstalled(slot)).toBe(false);
  });

  test("deploying the same operation again has one effect", async () => {
    const slot = slotOf("conf-twice");
    const { spec, paths } = await specOf(slot);
    for (let time = 0; time < 3; time += 1) {
      await subject.target().deploy(context(slot, "deploy"), spec, paths);
    }
    const before = await untilState(slot, "ready");
    await subject.target().deploy(context(slot, "deploy"), spec, paths);
    expect(await subject.target().observe(slot)).toEqual(before);
    expect(await subject.effects(slot)).toBe(1);
  });

  test("destroying the same operation again is fine", async () => {
    const slot = slotOf("conf-gone");
    const { spec, paths } = await specOf(slot);
    await subject.target().deploy(context(slot, "deploy"), spec, paths);
    await untilState(slot, "ready");
    for (let time = 0; time < 2; time += 1) {
      await subject.target().destroy(context(slot, "destroy"), slot);
    }
    expect(await subject.isInstalled(slot)).toBe(false);
  });

  test("a new generation replaces the one before", async () => {
    const slot = slotOf("conf-next");
    const first = await specOf(slot);
    await subject.target().deploy(context(slot, "one"), first.spec, first.paths);
    await untilState(slot, "ready");
    const next = await specOf(slot, "good", { generation: "g2", releaseName: "shop@2.0.0" });
    await subject.target().deploy(context(slot, "two"), next.spec, next.paths);
    const seen = await until("the next one is ready", async () => {
      const now = await subject.target().observe(slot);
      return now.state === "ready" && now.deployed?.generation === "g2" ? now : null;
    });
    expect(seen.deployed?.releaseName).toBe("shop@2.0.0");
    expect(await subject.effects(slot)).toBe(2);
  });

  test("an older fence changes nothing", async () => {
    const slot = slotOf("conf-stale");
    const { spec, paths } = await specOf(slot);
    await subject.target().deploy(context(slot, "deploy", 5), spec, paths);
    const before = await untilState(slot, "ready");
    const late = { ...spec, generation: "late" };
    const stale = { code: "stale-epoch" };
    const target = subject.target();
    await expect(target.deploy(context(slot, "late", 4), late, paths)).rejects.toMatchObject(stale);
    await expect(target.destroy(context(slot, "end", 4), slot)).rejects.toMatchObject(stale);
    expect(await target.observe(slot)).toEqual(before);
    expect(await subject.isInstalled(slot)).toBe(true);
  });

  test("a release that cannot run ends as failed, with something for a person to read", async () => {
    const slot = slotOf("conf-bad");
    const { spec, paths } = await specOf(slot, "bad");
    await subject.target().deploy(context(slot, "deploy"), spec, paths);
    const seen = await untilState(slot, "failed");
    expect(seen.message).toMatch(/exit code 3/);
    expect(seen.instances.flatMap(({ logTail }) => logTail).join("\n")).toContain("cannot live");
  });

  test("proves what it can, and never more", async () => {
    const slot = slotOf("conf-proof");
    const { spec, paths } = await specOf(slot);
    await subject.target().deploy(context(slot, "deploy"), spec, paths);
    await untilState(slot, "ready");
    const proof = await subject.target().prove(slot);
    expect(proof).toMatchObject({ slot, release: spec.release, treeVerified: true });
    expect(proof.reason).not.toBe("");
    if (proof.grade !== "none") {
      expect(proof.instances.length).toBeGreaterThan(0);
      expect(proof.instances.every((one) => one.port === null || one.ownsSocket)).toBe(true);
    }
  });

  test("a dry run says what would be done, and does nothing", async () => {
    const slot = slotOf("conf-dry");
    const { spec } = await specOf(slot);
    const lines = await subject.target().dryRun(spec);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.every((line) => line.trim() !== "")).toBe(true);
    expect(await subject.target().observe(slot)).toMatchObject({ state: "empty" });
    expect(await subject.isInstalled(slot)).toBe(false);
  });

  test("secrets are in no observation, proof or dry run", async () => {
    const slot = slotOf("conf-secret");
    const secret = "hunter2-conformance";
    const { spec, paths } = await specOf(slot, "good", {
      environment: { delivery: "files", entries: { PASSWORD: secret } },
    });
    const target = subject.target();
    const said = [await target.dryRun(spec)] as unknown[];
    await target.deploy(context(slot, "deploy"), spec, paths);
    said.push(await untilState(slot, "ready"), await target.prove(slot));
    expect(JSON.stringify(said)).not.toContain(secret);
  });
}
