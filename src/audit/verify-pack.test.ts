import { describe, expect, it } from "vitest";
import { AuditStory, keys, origin, sast, trustRoot } from "../../test/support/audit-story.ts";
import { logKeyText, testKey } from "../../test/support/memory-log.ts";
import { toBase64 } from "../ledger/bytes.ts";
import { introductionText } from "../ledger/introduction.ts";
import { verifyPack } from "./verify-pack.ts";
import { makePack } from "./write-pack.ts";

const problemsOf = (report: { problems: readonly { where: string; message: string }[] }) =>
  report.problems.map(({ where, message }) => `${where}: ${message}`);

describe("an audit pack", () => {
  it("verifies against the log's first key alone, over a rotation that the log itself records", async () => {
    const story = await AuditStory.tell();
    const { report } = verifyPack(makePack(await story.content()), trustRoot());
    expect(problemsOf(report)).toEqual([]);
    expect(report.result).toBe("verified");
    expect(report.assurance).toEqual({ grade: "self-signed" });
    expect(report.unknown.join(" ")).toContain("could have rewritten everything");
  });

  it("is consistent and not authenticated without a trust root", async () => {
    const story = await AuditStory.tell();
    const { report } = verifyPack(makePack(await story.content()), null);
    expect(problemsOf(report)).toEqual([]);
    expect(report.result).toBe("consistent-not-authenticated");
    expect(report.assurance).toEqual({ grade: "consistent-not-authenticated" });
    const titles = report.checks.filter(({ id }) => id === "checkpoint" || id === "keys");
    for (const { title } of titles) expect(title).toContain("that the pack itself names");
  });

  it("verifies against a new trust root after a key was compromised that nobody outside had seen", async () => {
    const story = await AuditStory.tell();
    const third = testKey(origin, "log key three");
    for (const [kind, operation, key, more] of [
      ["key.compromised", "key/log/1", keys.log, { lastTrustedSize: 0 }],
      ["key.compromised", "key/log/2", keys.second, { lastTrustedSize: 0 }],
      ["key.added", "key/log/3", third, {}],
    ] as const) {
      const payload = { use: "log", key: logKeyText(key), ...more };
      story.log.append({ kind, operation, stream: "system", payload });
    }
    const pack = makePack(await story.content({ signers: [third] }));
    const fresh = trustRoot({ log: { origin, keys: [logKeyText(third)], operator: "shop" } });
    const { report } = verifyPack(pack, fresh);
    expect(problemsOf(report)).toEqual([]);
    expect(report.result).toBe("verified");
    const old = verifyPack(pack, trustRoot()).report;
    expect(old.result).toBe("failed");
    expect(problemsOf(old).join()).toContain("no key of the log that is trusted signed it");
  });

  it("takes over a key by its predecessor's introduction alone, and by nobody else's", async () => {
    const third = testKey(origin, "log key three");
    const introduced = async (by: typeof keys.log, signer = by) => {
      const story = await AuditStory.tell();
      const key = logKeyText(third);
      const message = introductionText(key);
      const signature = toBase64(await signer.sign(message));
      const introduction = { by: logKeyText(by), signature };
      const payload = { use: "log", key, introduction };
      story.log.append({ kind: "key.added", operation: "key/log/3", stream: "system", payload });
      return verifyPack(makePack(await story.content({ signers: [third] })), trustRoot()).report;
    };
    expect(problemsOf(await introduced(keys.second))).toEqual([]);
    // The first key was retired long before; somebody else's is nobody's; a name is no signature.
    for (const report of [
      await introduced(keys.log),
      await introduced(keys.foreign),
      await introduced(keys.second, keys.foreign),
    ]) {
      expect(report.result).toBe("failed");
      expect(problemsOf(report).join()).toContain("no key of the log that is trusted signed it");
    }
  });

  it("names the operators of independent witnesses, and not the log's own", async () => {
    const story = await AuditStory.tell();
    const content = await story.content({ witnesses: [...keys.witnesses, keys.ownWitness] });
    const { report } = verifyPack(makePack(content), trustRoot({ quorum: 2 }));
    expect(problemsOf(report)).toEqual([]);
    expect(report.assurance).toEqual({
      grade: "witnessed",
      operators: ["of witness.example/one", "of witness.example/two"],
      anchors: [],
    });
  });
});

describe("a pack in which something was left out, as only the log's own people can", () => {
  const verify = async (
    change: (story: AuditStory) => Promise<void> | void,
    options: Parameters<AuditStory["content"]>[0] = {},
  ) => {
    const story = await AuditStory.tell();
    await change(story);
    return verifyPack(makePack(await story.content(options)), trustRoot()).report;
  };

  it("fails when an effect was begun and nothing says how it ended", async () => {
    const report = await verify(({ log }) => {
      const stream = "shop/production";
      log.append({ kind: "effect.intent", operation: "pfifth/1/deploy", stream, payload: {} });
    });
    expect(problemsOf(report).join()).toContain("pfifth/1/deploy was begun, and nothing says");
  });

  it("fails when a lane is missing, although its stream would be whole", async () => {
    const story = await AuditStory.tell();
    const streams = new Set([...story.streams()].filter((stream) => stream !== "shop/testing"));
    const report = await verify(() => undefined, { streams });
    expect(problemsOf(report).join()).toContain("stream shop/testing: it is missing");
  });

  it("fails when a stream forks", async () => {
    const report = await verify(({ log }) => {
      const at = log.entries.findIndex(({ leaf }) => leaf.stream === "shop/production");
      const { sequence, previous } = log.entries[at]!.leaf;
      log.append(
        {
          kind: "promotion.ended",
          operation: "fork",
          stream: "shop/production",
          payload: { state: "x" },
        },
        { sequence, previous },
      );
    });
    expect(problemsOf(report).join()).toContain("a fork");
  });

  it("verifies when a check out of band was to be tried again, and fails when its answer was left out", async () => {
    const left = async (demand: typeof sast, verdict: string, attempt: number) => {
      const report = await verify(async (story) => {
        await story.promote("pfifth", "testing", "pass", { demand, verdict, attempt });
        if (demand.outOfBand) return;
        const payload = { outcome: "allow", reasons: [] };
        const stream = "shop/testing";
        story.log.append({ kind: "decision.made", operation: "pfifth/6", stream, payload });
      });
      return problemsOf(report).join("\n");
    };
    expect(await left(sast, "error", 1)).toBe("");
    const said = "the gate allowed although the check sast says";
    expect(await left(sast, "error", 2)).toContain(`${said} error`);
    expect(await left(sast, "fail", 1)).toContain(`${said} fail`);
    expect(await left(sast, "warn", 1)).toContain(`${said} warn`);
    expect(await left({ ...sast, outOfBand: false }, "error", 1)).toContain(`${said} error`);
  });

  it("fails when the gate allowed what a check had failed", async () => {
    const report = await verify(async (story) => {
      await story.promote("pfifth", "testing", "fail");
      const payload = { outcome: "allow", reasons: [] };
      const stream = "shop/testing";
      story.log.append({ kind: "decision.made", operation: "pfifth/6", stream, payload });
    });
    expect(problemsOf(report).join()).toContain("allowed although the check smoke says fail");
  });

  it("fails when traffic moved without a decision", async () => {
    const report = await verify(({ log, release, configuration }) => {
      const stream = "shop/testing";
      const digest = log.entries.find(
        ({ leaf }) => leaf.kind === "promotion.accepted" && leaf.stream === stream,
      );
      const accepted = digest?.opening?.payload["plan"];
      const payload = { promotion: "promotion", release, configuration, plan: accepted };
      log.append({ kind: "promotion.accepted", operation: "psixth", stream, payload });
      for (const kind of ["effect.intent", "effect.outcome"]) {
        log.append({ kind, operation: "psixth/6/switch", stream, payload: { result: "done" } });
      }
    });
    expect(problemsOf(report).join()).toContain("without a decision");
  });
});
