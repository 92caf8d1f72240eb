import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { spawnJson } from "../../test/support/child.ts";
import { onSmallDisk } from "../../test/support/small-disk.ts";
import type { Digest } from "../model/primitives.ts";
import { DiskContentStore } from "./content-store.ts";

const fixture = fileURLToPath(new URL("../../test/fixtures/store/put-blob.ts", import.meta.url));
let root: string;
let store: DiskContentStore;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "blobs-"));
  store = await DiskContentStore.open(root, { minimumFreeBytes: 0 });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const digestOf = (bytes: Buffer): Digest =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const uploads = () => readdirSync(join(root, "uploads"));

describe("DiskContentStore", () => {
  it("gives back what was put, in whatever pieces it came", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 5 }),
        async (pieces) => {
          const bytes = Buffer.concat(pieces);
          const source = Readable.from(pieces.filter((piece) => piece.length > 0));
          const digest = digestOf(bytes);
          expect(await store.put(source, digest)).toEqual({ digest, size: bytes.length });
          expect(readFileSync(await store.path(digest))).toEqual(bytes);
          expect(await store.verify(digest)).toEqual({ size: bytes.length });
        },
      ),
      { numRuns: 30 },
    );
    expect(uploads()).toEqual([]);
  });

  it("makes one blob of many uploads of the same bytes at once", async () => {
    const bytes = randomBytes(300_000);
    const digest = digestOf(bytes);
    const puts = Array.from({ length: 8 }, () => store.put(Readable.from([bytes]), digest));
    await Promise.all(puts);
    const path = await store.path(digest);
    expect(readdirSync(join(path, ".."))).toHaveLength(1);
    expect(statSync(path).mode & 0o777).toBe(0o400);
    expect(uploads()).toEqual([]);
  });

  it("refuses other bytes than announced, also for a blob that it has, and keeps nothing", async () => {
    const digest = digestOf(Buffer.from("right"));
    const put = (text: string) => store.put(Readable.from([Buffer.from(text)]), digest);
    await expect(put("wrong")).rejects.toMatchObject({ code: "digest-mismatch" });
    expect(await store.has(digest)).toBe(false);
    await put("right");
    await expect(put("wrong")).rejects.toMatchObject({ code: "digest-mismatch" });
    expect(await store.verify(digest)).toEqual({ size: 5 });
    expect(uploads()).toEqual([]);
  });

  it("keeps nothing of an upload whose sender goes away", async () => {
    const source = new Readable({ read: () => undefined });
    source.push(Buffer.alloc(100_000));
    const put = store.put(source, digestOf(Buffer.alloc(200_000)));
    setTimeout(() => source.destroy(), 20);
    await expect(put).rejects.toMatchObject({ code: "cancelled", retryable: true });
    expect(uploads()).toEqual([]);
  });

  it("notices bytes that changed on the disk, and heals with the next upload", async () => {
    const bytes = Buffer.from("artifact");
    const digest = digestOf(bytes);
    await store.put(Readable.from([bytes]), digest);
    const path = await store.path(digest);
    chmodSync(path, 0o600);
    writeFileSync(path, "artefact");
    await expect(store.verify(digest)).rejects.toMatchObject({ code: "digest-mismatch" });
    expect(await store.has(digest)).toBe(false);
    await store.put(Readable.from([bytes]), digest);
    expect(await store.verify(digest)).toEqual({ size: 8 });
  });

  it("sweeps what a crashed upload left, and nothing that still grows", async () => {
    const [old, young] = [join(root, "uploads/old"), join(root, "uploads/young")];
    for (const path of [old, young]) writeFileSync(path, "x");
    utimesSync(old, Date.now() / 1000 - 7200, Date.now() / 1000 - 7200);
    await DiskContentStore.open(root);
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  });

  it("refuses a digest that would be a path", async () => {
    await expect(store.path("sha256:../../../etc/passwd")).rejects.toMatchObject({
      code: "invalid-input",
    });
    await expect(store.path(digestOf(Buffer.from("never")))).rejects.toMatchObject({
      code: "not-found",
    });
  });

  it("says that the disk is full, and leaves nothing", async (context) => {
    const disk = join(root, "disk");
    mkdirSync(disk);
    const argv = onSmallDisk(context, disk, 4);
    const child = spawnJson([...argv, process.execPath, fixture, disk, "8"]);
    expect(await child.next()).toMatchObject({ code: "disk-full", left: [] });
    await child.ended;
  });

  it("leaves the reserved part of the disk alone", async (context) => {
    const disk = join(root, "disk");
    mkdirSync(disk);
    const argv = onSmallDisk(context, disk, 64);
    const child = spawnJson([...argv, process.execPath, fixture, disk, "60", String(40 << 20)]);
    const answer = await child.next();
    expect(answer).toMatchObject({ code: "disk-full", left: [] });
    expect(answer["message"]).toContain("40 MiB stay reserved");
    await child.ended;
  });

  it("takes in 200 MB in under 200 MB of memory", async () => {
    const child = spawnJson([process.execPath, fixture, root, "200"]);
    const answer = await child.next();
    expect(answer["size"]).toBe(200 << 20);
    expect(answer["peakMb"]).toBeLessThan(200);
    await child.ended;
  });
});
