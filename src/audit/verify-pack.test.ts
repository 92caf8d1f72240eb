import { describe, expect, it } from "vitest";
import { AuditStory, keys, trustRoot } from "../../test/support/audit-story.ts";
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
