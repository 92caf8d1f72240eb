import { describe, expect, it } from "vitest";
import { digestBytes } from "../../src/audit/digest.ts";
import type { PackContent } from "../../src/audit/write-pack.ts";
import { makePack, packFiles, withManifest } from "../../src/audit/write-pack.ts";
import { verifyPack } from "../../src/audit/verify-pack.ts";
import { readStatement } from "../../src/evidence/statement.ts";
import { LeafEntry } from "../../src/model/ledger.ts";
import { AuditStory, trustRoot } from "../support/audit-story.ts";

/**
 * Somebody who was handed genuine packs and this program, and no key: everything that one could leave out or
 * write anew while the rest still fits together, the manifest included.
 */

const leafOf = ({ leaf }: PackContent["entries"][number]) =>
  LeafEntry.parse(JSON.parse(Buffer.from(leaf, "base64").toString()));

const messages = (pack: Parameters<typeof verifyPack>[0]) => {
  const { report } = verifyPack(pack, trustRoot());
  return { result: report.result, said: report.problems.map(({ message }) => message).join("\n") };
};

/** Without some entries, and without the files that only those name. */
function without(
  content: PackContent,
  drop: (leaf: LeafEntry, index: number) => boolean,
): PackContent {
  const entries = content.entries.filter((line) => !drop(leafOf(line), line.index));
  const told = entries.map(({ opening }) => JSON.stringify(opening)).join("\n");
  const attestations = content.attestations.filter((bytes) => told.includes(digestBytes(bytes)));
  const payloads = attestations.map((bytes) => {
    const { payload } = JSON.parse(Buffer.from(bytes).toString()) as { payload: string };
    expect(readStatement(Buffer.from(payload, "base64")).ok).toBe(true);
    return Buffer.from(payload, "base64").toString();
  });
  const named = `${told}${entries.map((line) => JSON.stringify(leafOf(line))).join()}${payloads.join()}`;
  const blobs = content.blobs.filter((bytes) => named.includes(digestBytes(bytes)));
  return { ...content, entries, attestations, blobs };
}

describe("whoever holds a genuine pack", () => {
  it("cannot end a stream at the head of an earlier export, to leave out what failed since", async () => {
    const story = await AuditStory.tell();
    await story.content();
    await story.promote("pbad", "production", "fail");
    const content = await story.content();
    const lane = content.entries.filter((line) => leafOf(line).stream === "shop/production");
    const earlier = lane.find((line) => leafOf(line).kind === "stream.head")?.index ?? -1;
    const cut = without(
      content,
      ({ stream }, index) => stream === "shop/production" && index > earlier,
    );
    expect(cut.attestations.length).toBe(content.attestations.length - 2);
    expect(messages(makePack(cut))).toMatchObject({
      result: "failed",
      said: "it ends in an earlier export: what came after that was left out",
    });
  });

  it("cannot leave out a stream that only the export asked for", async () => {
    const story = await AuditStory.tell();
    const streams = new Set([...story.streams(), "bank/production"]);
    const blob = `sha256:${"b".repeat(64)}`;
    const content = await story.content({ streams });
    expect(JSON.stringify(content.entries)).toContain(blob);
    const cut = without(content, ({ stream }) => stream === "bank/production");
    expect(messages(makePack(cut)).said).toContain("the export had 5 streams");
  });

  it("cannot write another subject upon it", async () => {
    const story = await AuditStory.tell();
    const content = await story.content();
    const subject = {
      kind: "environment",
      environment: "production",
      from: "2026-11-01T00:00:00.000Z",
      to: "2026-11-02T00:00:00.000Z",
    } as const;
    const pack = makePack({ ...content, subject });
    expect(messages(pack)).toMatchObject({
      result: "failed",
      said: expect.stringContaining("something else than what was exported"),
    });
  });

  it("cannot hide a key in an entry that the program's own schema passes over", async () => {
    const story = await AuditStory.tell();
    const content = await story.content();
    const files = new Map(packFiles(content));
    files.delete("manifest.json");
    const text = new TextDecoder().decode(files.get("entries.jsonl"));
    const changed = text.replace('"payload":{', '"payload":{"__proto__":{"outcome":"allow"},');
    expect(changed).not.toBe(text);
    files.set("entries.jsonl", new TextEncoder().encode(changed));
    expect(messages(withManifest(content, files))).toMatchObject({
      result: "failed",
      said: expect.stringContaining("it has a key that is not read"),
    });
  });

  it("cannot drop any entry, nor any file that is not an earlier checkpoint", async () => {
    const story = await AuditStory.tell();
    const content = await story.content();
    for (const { index } of content.entries) {
      const cut = without(content, (_leaf, at) => at === index);
      expect(messages(makePack(cut)).result, `entry ${index}`).toBe("failed");
    }
    for (const path of packFiles(content).keys()) {
      if (path === "manifest.json" || path.startsWith("history/")) continue;
      const files = new Map(packFiles(content));
      files.delete("manifest.json");
      files.delete(path);
      expect(messages(withManifest(content, files)).result, path).toBe("failed");
    }
  });
});
