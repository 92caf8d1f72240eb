import { describe, expect, it } from "vitest";
import {
  jo,
  keep,
  kim,
  lee,
  remove,
  review,
  type ReviewOptions,
  ReviewStory,
  rightWords,
} from "../../../test/support/review-story.ts";
import { trustRoot } from "../../../test/support/audit-story.ts";
import { paths } from "../format.ts";
import { verifyPack } from "../verify-pack.ts";
import { makePack, packFiles, withManifest } from "../write-pack.ts";

const pack = async (options: ReviewOptions = {}) =>
  makePack(await (await ReviewStory.tell(options)).content());

/** What is wrong with a review that somebody wrote who holds database and keys, and signed all of it. */
async function wrongWith(options: ReviewOptions): Promise<string> {
  const { report } = verifyPack(await pack(options), trustRoot());
  expect(report.result).toBe("failed");
  return report.problems.map(({ message }) => message).join("\n");
}

describe("a pack about a review", () => {
  it("verifies, tells who has what by whose word, and is the same every time", async () => {
    const zip = await pack();
    const { report, story } = verifyPack(zip, trustRoot());
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({
      result: "verified",
      subject: { kind: "access-review", review },
    });
    expect(story?.review?.lines).toHaveLength(7);
    expect(story?.review?.lines.find(({ line }) => line.id === "role:r1")?.word).toMatchObject({
      answer: "remove",
      by: jo.person,
      reason: "moved to another team",
      gone: { entry: expect.any(Number) },
    });
    expect(story?.review?.reviewers.map(({ person, may }) => [person, may])).toEqual(
      [jo.person, kim.person].sort().map((who) => [who, [{ service: null, environment: null }]]),
    );
    expect(story?.review?.reviewers[0]?.acts[0]).toMatchObject({ by: [], proven: false });
    expect(await pack()).toEqual(zip);
  });

  it("says of one that is not done which lines are open, and of a role that came back that it did", async () => {
    const half = await pack({ words: (lines) => rightWords(lines).slice(0, 1), done: false });
    const { report, story } = verifyPack(half, trustRoot());
    expect(report.problems).toEqual([]);
    expect(report.checks.find(({ id }) => id === "review")?.notes).toEqual([
      "it is not done: 3 of 7 lines are open",
    ]);
    expect(story?.review?.done).toBeNull();
    const again = await ReviewStory.tell();
    const role = { person: lee.person, token: null, role: "sre", removed: false };
    const payload = { assignment: "r2", ...role, service: "shop", environment: "production" };
    const entry = { kind: "role.assigned", operation: "role-assignment/r2/1", stream: "system" };
    const at = again.log.append({ ...entry, payload });
    const told = verifyPack(makePack(await again.content()), trustRoot()).story?.review;
    expect(told?.lines.find(({ line }) => line.id === "role:r1")?.again).toEqual([at]);
  });
});

describe("whoever holds database and keys cannot", () => {
  it("leave a grant out of the population, put one in, or show another than was given", async () => {
    const without = await wrongWith({ lines: (all) => all.filter(({ id }) => id !== "role:r1") });
    expect(without).toMatch(/leaves out role:r1: sre of person:[0-9a-f]+, which entry \d+ gave/);
    expect(
      await wrongWith({
        lines: (all) => all.map((line) => (line.id === "role:r1" ? { ...line, has: "qa" } : line)),
      }),
    ).toMatch(/line role:r1 has another `has` \(qa\) than entry \d+ \(sre\)/);
    expect(
      await wrongWith({
        lines: (all) => [...all, { ...(all[0] as (typeof all)[0]), id: "right:gx" }],
      }),
    ).toContain("the line right:gx, which by the log nobody had then");
  });

  it("let somebody else's key sign, or say of a word what was not signed", async () => {
    const forged = (more: object) => (lines: Parameters<typeof rightWords>[0]) =>
      rightWords(lines).map((word) => (word.by === kim ? { ...word, ...more } : word));
    expect(await wrongWith({ words: forged({ key: jo }) })).toContain(
      "the envelope is signed by 0 of 1 trusted key",
    );
    expect(await wrongWith({ words: forged({ says: { keep: 9 } }) })).toContain(
      "the entry says something else than what was signed",
    );
    expect(await wrongWith({ words: forged({ says: { reviewer: lee.person } }) })).toMatch(
      /no entry before it says whose key|is not person:/,
    );
  });

  it("call something gone that no entry took away", async () => {
    expect(await wrongWith({ without: "removal" })).toContain(
      "role:r1 was to go, and no entry says that it is gone",
    );
  });

  it("have somebody certify themselves, or whoever made them, until a third person vouches", async () => {
    const own = (lines: Parameters<typeof rightWords>[0]) => [
      { by: jo, decisions: lines.map(({ id }) => keep(id)) },
    ];
    expect(await wrongWith({ words: own })).toContain("nobody certifies themselves");
    const made = await wrongWith({ kimBy: jo.person });
    expect(made).toContain("of the reviewer has this line, and no third person vouched");
    const vouched = verifyPack(await pack({ kimBy: jo.person, vouched: true }), trustRoot());
    expect(vouched.report.problems).toEqual([]);
    // What a puppet may say of its maker's: that it goes.
    const goes = (lines: Parameters<typeof rightWords>[0]) => {
      const [first] = rightWords(lines);
      const [line] = lines.filter(({ person }) => person === jo.person);
      const says = { removed: [], notRemoved: [line?.id] };
      return first && line ? [first, { by: kim, decisions: [remove(line.id)], says }] : [];
    };
    const { report } = verifyPack(
      await pack({ kimBy: jo.person, words: goes, done: false }),
      trustRoot(),
    );
    expect(report.problems).toEqual([]);
  });

  it("have somebody review who was suspended, a line twice, or call done what is open", async () => {
    expect(await wrongWith({ suspended: true })).toContain("this person is suspended since");
    const twice = (lines: Parameters<typeof rightWords>[0]) => {
      const [first, second] = rightWords(lines);
      return first && second ? [first, second, { by: jo, decisions: [keep("role:r1")] }] : [];
    };
    expect(await wrongWith({ words: twice })).toContain("role:r1 was reviewed before");
    expect(await wrongWith({ words: (lines) => rightWords(lines).slice(0, 1) })).toMatch(
      /called done, and nobody has signed anything of (key|right):/,
    );
  });
});

describe("whoever holds the pack cannot", () => {
  it("write another text to be read, or leave out whose name nobody is behind", async () => {
    const content = await (await ReviewStory.tell()).content();
    const other = { ...content, review: (content.review ?? "").replace("TAKEN AWAY", "kept") };
    const texts = verifyPack(makePack(other), trustRoot()).report;
    expect(texts.problems.map(({ message }) => message)).toEqual([
      "it is not what follows from this pack",
    ]);
    const unnamed = verifyPack(makePack({ ...content, sharedNames: [] }), trustRoot()).report;
    expect(unnamed.problems.map(({ message }) => message)).toContain(
      "these are not the names that the export had",
    );
    const files = new Map(packFiles(content));
    for (const path of [paths.review, paths.manifest]) files.delete(path);
    const { report } = verifyPack(withManifest(content, files), trustRoot());
    expect(report.problems.map(({ message }) => message)).toContain("a pack must have it");
  });
});
