import { describe, expect, it } from "vitest";
import type { TrustRoot } from "../../src/model/trust.ts";
import { verifyPack } from "../../src/audit/verify-pack.ts";
import { makePack } from "../../src/audit/write-pack.ts";
import { AuditStory, keys, type StoryOptions, trustRoot } from "../support/audit-story.ts";

/**
 * Somebody who has the database *and* every key of the log, writes another history and signs all of it as
 * the log would. Nothing inside a pack can tell; what somebody else saw before can.
 */

const verify = (pack: Uint8Array, trust: TrustRoot) => verifyPack(pack, trust).report;
const messages = (report: { problems: readonly { message: string }[] }) =>
  report.problems.map(({ message }) => message).join("\n");

/** What an auditor saw of the true history, when it had this many entries. */
async function seen(size: number, witnesses: typeof keys.witnesses = []): Promise<string> {
  const truth = await AuditStory.tell();
  return (await truth.log.checkpoint([keys.log], witnesses, size)).note;
}

async function forged(options: StoryOptions, sizes: readonly number[]): Promise<Uint8Array> {
  const story = await AuditStory.tell(options);
  return makePack(await story.content({ sizes, signers: [options.second ?? keys.second] }));
}

const cases: readonly (readonly [what: string, options: StoryOptions])[] = [
  ["turns a failed run into a passed one", { firstVerdict: "pass" }],
  ["drops the run that failed", { withoutFailure: true }],
  ["swaps a key in the key history", { second: keys.foreign }],
];

describe.each(cases)("an insider who %s and signs everything again", (_what, options) => {
  it("is caught by a checkpoint that somebody kept", async () => {
    const { length } = (await AuditStory.tell()).log.entries;
    const anchors = [{ note: await seen(length), from: "the auditor's notebook" }];
    const report = verify(await forged(options, [length]), trustRoot({ anchors }));
    expect(report.result).toBe("failed");
    expect(report.problems.map(({ check }) => check)).toContain("anchors");
    expect(messages(report)).toMatch(/SPLIT VIEW|does not connect|the log was set back/);
  });

  it("cannot leave the connection to that checkpoint out", async () => {
    const { length } = (await AuditStory.tell()).log.entries;
    const anchors = [{ note: await seen(length - 1), from: "the auditor's notebook" }];
    const report = verify(await forged(options, []), trustRoot({ anchors }));
    expect(report.result).toBe("failed");
    expect(messages(report)).toMatch(/does not connect|the log was set back/);
  });

  it("is caught by the quorum, because no witness signs a second history", async () => {
    const report = verify(await forged(options, []), trustRoot({ quorum: 1 }));
    expect(report.result).toBe("failed");
    expect(messages(report)).toContain("0 independent parties have cosigned");
  });
});

describe("an insider whom nobody watched", () => {
  it("is not caught, and the report says that this could not have been noticed", async () => {
    const report = verify(await forged({ withoutFailure: true }, []), trustRoot());
    expect(report.result).toBe("verified");
    expect(report.assurance).toEqual({ grade: "self-signed" });
    expect(report.unknown[0]).toMatch(
      /could have rewritten everything before this export, dropped a failed run.*could not have noticed/,
    );
  });

  it("is told apart from what an anchor covers: what came behind it rests on the log alone", async () => {
    const story = await AuditStory.tell();
    const anchors = [{ note: await seen(story.middle), from: "git" }];
    const pack = makePack(await story.content({ sizes: [story.middle] }));
    const report = verify(pack, trustRoot({ anchors }));
    expect(report.assurance).toEqual({
      grade: "anchored",
      anchors: [`the checkpoint in your trust root (size ${story.middle}, noted as "git")`],
    });
    expect(report.unknown[0]).toContain(`vouches for the first ${story.middle} entries`);
  });
});

describe("an insider who goes back in time", () => {
  it("is caught when he shows an older state than somebody has seen", async () => {
    const truth = await AuditStory.tell();
    const anchors = [{ note: await seen(truth.log.entries.length), from: "git" }];
    const older = await AuditStory.tell();
    older.log.entries.length = older.middle;
    const report = verify(makePack(await older.content()), trustRoot({ anchors }));
    expect(report.result).toBe("failed");
  });

  it("is caught when he adds a run to the past that a witness had not seen", async () => {
    const story = await AuditStory.tell();
    const { length } = story.log.entries;
    // A witness saw the log a day after its last entry; the forged run claims the day before.
    story.log.now += 86_400_000;
    story.log.append({
      kind: "configuration.applied",
      operation: "c/1",
      stream: "bank/x",
      payload: {},
    });
    const { note } = await story.log.checkpoint([keys.second], keys.witnesses, length + 1);
    story.log.now -= 2 * 86_400_000;
    await story.promote("pforged", "production", "pass");
    story.log.now += 3 * 86_400_000;
    const content = await story.content({ witnesses: keys.witnesses, sizes: [length + 1] });
    const history = content.history.map((one) =>
      one.size === length + 1 ? { ...one, note } : one,
    );
    const report = verify(makePack({ ...content, history }), trustRoot({ quorum: 1 }));
    expect(report.result).toBe("failed");
    expect(messages(report)).toMatch(/it was not there yet when witness.example/);
  });

  it("does not get an older checkpoint through as the newest", async () => {
    const story = await AuditStory.tell();
    const content = await story.content({ sizes: [story.middle] });
    const earlier = await story.log.checkpoint([keys.second], [], story.middle);
    const report = verify(makePack({ ...content, checkpoint: earlier }), trustRoot());
    expect(report.result).toBe("failed");
  });
});

describe("whoever has not the log's key", () => {
  it("cannot sign in its name", async () => {
    const story = await AuditStory.tell();
    const pack = makePack(await story.content({ signers: [keys.foreign] }));
    const report = verify(pack, trustRoot());
    expect(report.result).toBe("failed");
    expect(messages(report)).toContain("no key of the log that is trusted signed it");
  });

  it("cannot pass another log off as this one", async () => {
    const story = await AuditStory.tell();
    const trust = trustRoot({ log: { ...trustRoot().log, origin: "tidelock/other" } });
    const report = verify(makePack(await story.content()), trust);
    expect(report.result).toBe("failed");
    expect(messages(report)).toContain("the trust root is for tidelock/other");
  });

  it("cannot count a witness that the log's own people run", async () => {
    const story = await AuditStory.tell();
    const pack = makePack(await story.content({ witnesses: [keys.ownWitness] }));
    const report = verify(pack, trustRoot({ quorum: 1 }));
    expect(report.result).toBe("failed");
  });
});
