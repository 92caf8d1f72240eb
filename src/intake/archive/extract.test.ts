import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack, type Header } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashTree } from "../../tree/pack-tree.ts";
import { defaultLimits } from "./archive-stream.ts";
import { extractArchive } from "./extract.ts";

let root: string;
let out: string;
let archive: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "extract-"));
  out = join(root, "out");
  archive = join(root, "archive.tar");
  mkdirSync(out);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

type Entry = Partial<Header> & { name: string; content?: string };

/** Writes a tar file as somebody with bad intentions could. */
async function write(...entries: Entry[]): Promise<void> {
  const tar = pack();
  for (const { content, ...header } of entries) tar.entry(header, content ?? "");
  tar.finalize();
  writeFileSync(archive, await buffer(tar as AsyncIterable<Buffer>));
}

const refused = (limits = defaultLimits) =>
  extractArchive(archive, out, limits).then(
    () => undefined,
    (error: unknown) => error,
  );

describe("extractArchive", () => {
  it("gives the same tree from any tar program, plain or compressed, under any name", async () => {
    const service = join(root, "service");
    mkdirSync(join(service, "bin"), { recursive: true });
    writeFileSync(join(service, "bin/start"), "#!/bin/sh\n");
    chmodSync(join(service, "bin/start"), 0o755);
    mkdirSync(join(service, "n".repeat(99)));
    writeFileSync(join(service, "n".repeat(99), "m".repeat(50)), "long");
    symlinkSync("bin/start", join(service, "start"));
    execFileSync("ln", [join(service, "bin/start"), join(service, "zzz-same")]);
    const expected = await hashTree(service);
    for (const [index, format] of ["gnu", "pax", "ustar"].entries()) {
      const options = [`--format=${format}`, "--owner=7", "--mtime=@7", "-C", service];
      execFileSync("tar", [index === 1 ? "-czf" : "-cf", archive, ...options, "."]);
      const folder = join(root, `out-${format}`);
      mkdirSync(folder);
      await extractArchive(archive, folder);
      expect(await hashTree(folder)).toEqual(expected);
    }
  });

  it("refuses an archive that is cut off anywhere, compressed or not", async () => {
    await write({ name: "a", content: "x".repeat(2_000) }, { name: "b", content: "y" });
    const bytes = readFileSync(archive);
    const zipped = gzipSync(bytes);
    for (const whole of [bytes, zipped]) {
      const cuts = [0, 1, 300, 512, 700, 2_560, 3_072, whole.length - 1, whole.length - 513];
      for (const cut of cuts.filter((at) => at >= 0 && at < whole.length)) {
        if (whole === bytes && cut === whole.length - 513) continue; // one block of zeros is left
        writeFileSync(archive, whole);
        truncateSync(archive, cut);
        rmSync(out, { recursive: true });
        mkdirSync(out);
        expect(await refused(), `cut at ${cut} of ${whole.length}`).toMatchObject({
          code: "invalid-input",
        });
      }
    }
  });

  it("refuses a damaged archive", async () => {
    await write({ name: "a", content: "x".repeat(2_000) });
    const zipped = gzipSync(readFileSync(archive));
    zipped.fill(0, 20, 30);
    writeFileSync(archive, zipped);
    expect(await refused()).toMatchObject({ code: "invalid-input", where: archive });
    await write({ name: "a", content: "x" });
    const bytes = readFileSync(archive);
    bytes[0] = 0x7a;
    writeFileSync(archive, bytes);
    expect(await refused()).toMatchObject({ code: "invalid-input", where: archive });
  });

  it("says what it wants when the file is something else", async () => {
    writeFileSync(archive, "PK\u0003\u0004".repeat(500));
    expect(await refused()).toMatchObject({
      message: expect.stringContaining("neither a tar") as string,
    });
    rmSync(archive);
    expect(await refused()).toMatchObject({ code: "not-found", where: archive });
  });

  const hostile: [string, Entry[]][] = [
    ["a path that goes up", [{ name: "../evil", content: "x" }]],
    ["an absolute path", [{ name: "/tmp/evil", content: "x" }]],
    ["a path that goes up inside", [{ name: "a/../../evil", content: "x" }]],
    ["a link out of the tree", [{ name: "l", type: "symlink", linkname: "../evil" }]],
    ["an absolute link", [{ name: "l", type: "symlink", linkname: "/etc/passwd" }]],
    [
      "a file written through a link",
      [
        { name: "d", type: "directory" },
        { name: "l", type: "symlink", linkname: "d" },
        { name: "l/evil", content: "x" },
      ],
    ],
    ["a hard link to a file outside", [{ name: "l", type: "link", linkname: "/etc/passwd" }]],
    ["a hard link upwards", [{ name: "l", type: "link", linkname: "../../etc/passwd" }]],
    [
      "a hard link through a link",
      [
        { name: "l", type: "symlink", linkname: "x" },
        { name: "h", type: "link", linkname: "l" },
      ],
    ],
    ["a name with an escape sequence", [{ name: "a\u001b[2Jb", content: "x" }]],
    ["a name of two lines", [{ name: "a\nb", content: "x" }]],
    ["a link to a name of two lines", [{ name: "l", type: "symlink", linkname: "a\nb" }]],
    ["a device", [{ name: "d", type: "character-device", devmajor: 1, devminor: 3 }]],
    ["a pipe", [{ name: "p", type: "fifo" }]],
    [
      "one path twice",
      [
        { name: "a", content: "1" },
        { name: "./a", content: "2" },
      ],
    ],
    [
      "a file that is a folder too",
      [
        { name: "a", content: "1" },
        { name: "a/b", content: "2" },
      ],
    ],
  ];
  it.each(hostile)("refuses %s", async (_, entries) => {
    await write(...entries);
    expect(await refused()).toMatchObject({ code: "invalid-input", fault: "operator" });
    expect(existsSync(join(root, "evil"))).toBe(false);
    expect(readdirSync(out).filter((name) => name === "evil")).toEqual([]);
  });

  it("refuses a bomb long before it is unpacked", async () => {
    await write({ name: "zeros", content: "\0".repeat(8_000_000) });
    writeFileSync(archive, gzipSync(readFileSync(archive)));
    expect(await refused({ ...defaultLimits, ratioFreeBytes: 100_000 })).toMatchObject({
      message: expect.stringContaining("looks like a bomb") as string,
    });
    rmSync(join(out, "zeros"), { force: true });
    expect(await refused({ ...defaultLimits, maxBytes: 100_000 })).toMatchObject({
      message: expect.stringContaining("more than 100000 bytes") as string,
    });
  });

  it("refuses more entries than allowed", async () => {
    await write({ name: "a" }, { name: "b" }, { name: "c" });
    expect(await refused({ ...defaultLimits, maxEntries: 2 })).toMatchObject({
      message: expect.stringContaining("too many entries") as string,
    });
  });

  it("leaves history and our own data out", async () => {
    await write({ name: ".git/config", content: "x" }, { name: "a/.tidelock/token", content: "x" });
    await extractArchive(archive, out);
    expect(readdirSync(out)).toEqual([]);
  });
});
