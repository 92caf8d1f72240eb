import { describe, expect, it } from "vitest";
import { AuditStory, keys, origin, trustRoot } from "../../../test/support/audit-story.ts";
import { logKeyText, testKey } from "../../../test/support/memory-log.ts";
import type { TrustRoot } from "../../model/trust.ts";
import { verifyPack } from "../verify-pack.ts";
import { makePack } from "../write-pack.ts";

const next = `${origin}/2`;
/** The key goes on under the new name, as a recovery does it. */
const successor = testKey(next, "log key two");
const lost = 5;

const trustIn = (over: Partial<TrustRoot> = {}): TrustRoot =>
  trustRoot({ log: { origin: next, keys: [logKeyText(successor)], operator: "shop" }, ...over });

/** A shop's log that was put back, and goes on as `…/2`. `lie` changes what the entry says of it. */
async function aSuccessor(
  lie: (payload: Record<string, unknown>) => Record<string, unknown> = (x) => x,
) {
  const story = await AuditStory.tell();
  const { log } = story;
  const left = await log.checkpoint([keys.second]);
  const rotation = (await log.checkpoint([keys.log], [], story.rotatedAt)).note;
  const proofs = (size: number, note: string) => async (to: number) => ({
    size,
    note,
    proof: await log.consistency(size, to),
  });
  const ends = [proofs(story.rotatedAt, rotation), proofs(left.size, left.note)];
  (log as { origin: string }).origin = next;
  const at = log.append({
    kind: "log.succeeded",
    operation: "log/2",
    stream: "system",
    payload: lie({
      origin: next,
      predecessor: { origin, size: left.size, root: left.root },
      known: { origin, size: left.size + lost, root: "a".repeat(64) },
      lostEntries: lost,
      reason: "a witness had seen more",
    }),
  });
  const payload = { use: "log", key: logKeyText(successor) };
  log.append({ kind: "key.added", operation: "key/log/2/2", stream: "system", payload });
  const content = await story.content({ signers: [successor] });
  const history = await Promise.all(ends.map((end) => end(content.checkpoint.size)));
  return { left, at, story, pack: makePack({ ...content, history }) };
}

const said = (report: { problems: readonly { message: string }[] }) =>
  report.problems.map(({ message }) => message).join("\n");

describe("a pack of a log that succeeded another one", () => {
  it("verifies, with the predecessor's checkpoints, and says which log names which", async () => {
    const { pack, left, at } = await aSuccessor();
    const { report } = verifyPack(pack, trustIn());
    expect(said(report)).toBe("");
    expect(report.result).toBe("verified");
    const line = report.checks.find(({ id }) => id === "succession");
    expect(line?.notes).toEqual([
      `entry ${at}: ${next} goes on where ${origin} was put back to ${left.size} entries; 5 entries that were known outside are lost; 2 of its checkpoints, up to ${left.size} entries, are the beginning of this tree (a witness had seen more)`,
    ]);
    expect(report.unknown.join(" ")).toContain("5 entries are known to be");
    expect(verifyPack(pack, null).report.result).toBe("consistent-not-authenticated");
  });

  it("does not verify for who trusts the predecessor alone, and says how far that one reaches", async () => {
    const { pack, left, at } = await aSuccessor();
    const { report } = verifyPack(pack, trustRoot());
    expect(report.result).toBe("failed");
    expect(report.problems).toHaveLength(1);
    expect(said(report)).toContain(
      `which by its own entry ${at} goes on where ${origin}, the log of your trust root, was put back to ${left.size} entries. Your trust root vouches for the first ${left.size} entries`,
    );
    const other = trustRoot({ log: { origin: "elsewhere", keys: [], operator: "x" } as never });
    expect(said(verifyPack(pack, other).report)).toContain("and the trust root is for elsewhere");
  });

  it("contains what was seen of the predecessor, and owns up to what is lost", async () => {
    const { pack, left, story } = await aSuccessor();
    const anchor = (note: string) => trustIn({ anchors: [{ note, from: "notebook" }] });
    const kept = verifyPack(pack, anchor(left.note)).report;
    expect(said(kept)).toBe("");
    expect(kept.assurance).toMatchObject({ grade: "anchored" });
    const ahead = async (more: number) => {
      const { root } = left;
      const text = `${origin}\n${left.size + more}\n${Buffer.from(root, "hex").toString("base64")}\n`;
      return `${text}\n\u2014 ${origin} AAAAAAA=\n`;
    };
    const owned = verifyPack(pack, anchor(await ahead(lost))).report;
    expect(said(owned)).toBe("");
    expect(JSON.stringify(owned.checks)).toContain("says that they are lost");
    const hidden = verifyPack(pack, anchor(await ahead(lost + 1))).report;
    expect(said(hidden)).toContain("more is missing than was said");
    const split = left.note.replace(`\n${left.size}\n`, `\n${story.rotatedAt}\n`);
    expect(said(verifyPack(pack, anchor(split)).report)).toContain("SPLIT VIEW");
  });

  it.each([
    [
      "another predecessor's tree",
      (payload: Record<string, unknown>) => ({
        ...payload,
        predecessor: { ...(payload["predecessor"] as object), root: "b".repeat(64) },
      }),
      "it names another tree of",
    ],
    [
      "more than stands before it",
      (payload: Record<string, unknown>) => ({
        ...payload,
        predecessor: { ...(payload["predecessor"] as object), size: 10_000 },
      }),
      "it names more of its predecessor than stands before it",
    ],
    [
      "another successor than signs",
      (payload: Record<string, unknown>) => ({ ...payload, origin: `${origin}/3` }),
      `the last log that an entry opens is ${origin}/3`,
    ],
    [
      "another log as predecessor",
      (payload: Record<string, unknown>) => ({
        ...payload,
        predecessor: { ...(payload["predecessor"] as object), origin: "tidelock/other" },
      }),
      "it is of another log",
    ],
    ["nothing", () => ({}), "it does not say which log goes on"],
  ])("fails when its entry names %s", async (_name, lie, message) => {
    const { pack } = await aSuccessor(lie);
    expect(said(verifyPack(pack, trustIn()).report)).toContain(message);
  });
});
