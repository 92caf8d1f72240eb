import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { chmodSync, existsSync, lutimesSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashTree, packTree } from "./pack-tree.ts";
import { encodeHeader, endOfArchive, padding } from "./tar-format.ts";
import { comparePaths, type TreeEntry } from "./tree-entry.ts";
import { unpackTree } from "./unpack-tree.ts";
import { walkTree } from "./walk.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tree-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** An entry with its content, for building trees and archives by hand. */
type Made = TreeEntry & { readonly content?: string };

const file = (path: string, content = "", executable = false): Made => ({
  kind: "file",
  path,
  executable,
  size: Buffer.byteLength(content),
  content,
});

/** Bytes in our format, as a hostile or broken writer could also make them. */
function archive(entries: readonly Made[], end = endOfArchive): Buffer {
  const parts = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? "");
    return [encodeHeader(entry), content, padding(content.length)];
  });
  return Buffer.concat([...parts, end]);
}

const stream = (bytes: Buffer) => Readable.from([bytes]);
const refused = (bytes: Buffer) => unpackTree(stream(bytes), join(folder, "out"));

function build(root: string, entries: readonly Made[], umask: number): void {
  const old = process.umask(umask);
  try {
    mkdirSync(root, { recursive: true });
    for (const entry of entries) {
      const path = join(root, entry.path);
      if (entry.kind === "directory") mkdirSync(path, { recursive: true });
      if (entry.kind === "symlink") symlinkSync(entry.target, path);
      if (entry.kind !== "file") continue;
      writeFileSync(path, entry.content ?? "");
      chmodSync(path, entry.executable ? 0o700 : 0o600);
    }
  } finally {
    process.umask(old);
  }
}

/** Random trees: names that sort unlike their parts, long ones, ones outside of ASCII. */
const names = fc.constantFrom(
  "a",
  "a.b",
  "a-b",
  "A",
  "z",
  "é",
  "日本",
  "😀",
  "x y",
  "n".repeat(120),
  "10",
  "9",
);
const trees = fc
  .array(
    fc.record({
      path: fc.array(names, { minLength: 1, maxLength: 4 }),
      kind: fc.constantFrom("file", "file", "file", "directory", "symlink"),
      executable: fc.boolean(),
      content: fc.string({ maxLength: 700 }),
    }),
    { maxLength: 12 },
  )
  .map((wanted) => {
    const entries = new Map<string, Made>();
    for (const { path, kind, executable, content } of wanted) {
      const parents = path.slice(0, -1).map((_, index) => path.slice(0, index + 1).join("/"));
      const full = path.join("/");
      if (entries.has(full)) continue;
      if (parents.some((parent) => (entries.get(parent)?.kind ?? "directory") !== "directory"))
        continue;
      for (const parent of parents) entries.set(parent, { kind: "directory", path: parent });
      if (kind === "directory") entries.set(full, { kind, path: full });
      else if (kind === "file") entries.set(full, file(full, content, executable));
      else {
        const target = `${"../".repeat(path.length - 1)}${content.length > 300 ? "n".repeat(130) : "a"}`;
        entries.set(full, { kind: "symlink", path: full, target });
      }
    }
    return [...entries.values()];
  });

describe("packTree", () => {
  it("gives the same bytes for the same tree whatever its order, umask and times", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(trees, fc.integer({ min: 1, max: 99 }), async (entries, seed) => {
        const [one, two] = [join(folder, `${++run}a`), join(folder, `${run}b`)];
        build(one, entries, 0o022);
        const folders = entries.filter((entry) => entry.kind === "directory");
        const others = entries.filter((entry) => entry.kind !== "directory");
        const rotated = [...others.slice(seed % (others.length || 1)), ...others].toReversed();
        const unique = [...new Map(rotated.map((entry) => [entry.path, entry])).values()];
        build(two, [...folders, ...unique], 0o077);
        for (const entry of entries) lutimesSync(join(two, entry.path), seed, seed);
        expect(await hashTree(two)).toEqual(await hashTree(one));
      }),
      { numRuns: 40 },
    );
  });

  it("is undone by unpackTree, read-only or not", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(trees, fc.boolean(), async (entries, readOnly) => {
        const [source, copy] = [join(folder, `${++run}a`), join(folder, `${run}b`)];
        build(source, entries, 0o022);
        const { digest } = await hashTree(source);
        const result = await unpackTree(packTree(source), copy, { expected: digest, readOnly });
        expect(result.entries).toBe(entries.length);
        expect(await walkTree(copy)).toEqual(await walkTree(source));
        expect(await hashTree(copy)).toEqual({ digest, size: result.size });
        for (const entry of entries) {
          if (entry.kind !== "file") continue;
          expect(readFileSync(join(copy, entry.path), "utf8")).toBe(entry.content);
          const mode = (entry.executable ? 0o755 : 0o644) & (readOnly ? 0o555 : 0o777);
          expect(statSync(join(copy, entry.path)).mode & 0o777).toBe(mode);
        }
        if (readOnly) execFileSync("chmod", ["-R", "u+w", copy]);
      }),
      { numRuns: 40 },
    );
  });

  it("keeps the digest that it has always given", async () => {
    const tree: Made[] = [
      { kind: "directory", path: "bin" },
      file("bin/start", "#!/bin/sh\n", true),
      file(`long-${"x".repeat(150)}`, "content"),
      { kind: "symlink", path: "start", target: "bin/start" },
    ];
    build(join(folder, "tree"), tree, 0o022);
    expect(await hashTree(join(folder, "tree"))).toMatchInlineSnapshot(`
      {
        "digest": "sha256:f2b5e690a8b7465bc0e0396f0562332c54a15fbe52e2bb5b35e4065142cdc7f2",
        "size": 5120,
      }
    `);
  });

  it("is read by an ordinary tar program", async () => {
    const tree = [
      { kind: "directory", path: "dé" } as const,
      file("dé/file", "content", true),
      file("n".repeat(200), "long"),
    ];
    build(join(folder, "tree"), tree, 0o022);
    writeFileSync(join(folder, "tree.tar"), await buffer(packTree(join(folder, "tree"))));
    mkdirSync(join(folder, "out"));
    execFileSync("tar", ["-xf", join(folder, "tree.tar"), "-C", join(folder, "out")]);
    expect(await hashTree(join(folder, "out"))).toEqual(await hashTree(join(folder, "tree")));
  });

  it("leaves out history, our own data and what it is told to", async () => {
    build(
      folder,
      [
        { kind: "directory", path: ".git" },
        { kind: "directory", path: "a" },
        { kind: "directory", path: "a/.tidelock" },
        { kind: "directory", path: "logs" },
        file(".git/config"),
        file("a/keep"),
        file("logs/x"),
      ],
      0o022,
    );
    const entries = await walkTree(folder, (path, isDirectory) => path === "logs" && isDirectory);
    expect(entries.map((entry) => entry.path)).toEqual(["a", "a/keep"]);
  });

  it.each([
    ["an absolute link", "/etc/passwd"],
    ["a link out of the tree", "../../etc/passwd"],
    ["a link that goes up behind a name", "sub/link/../.."],
  ])("refuses %s and names it", async (_, target) => {
    build(folder, [{ kind: "directory", path: "sub" }], 0o022);
    symlinkSync(target, join(folder, "sub/bad"));
    await expect(hashTree(folder)).rejects.toMatchObject({
      code: "invalid-input",
      fault: "operator",
      where: "sub/bad",
    });
  });

  it.each([
    ["an escape sequence", "a\u001b]0;x\u0007"],
    ["a line end", "a\nb"],
    ["a mark that turns its direction", "a\u202egpj.sh"],
  ])("refuses a name with %s, and does not repeat it", async (_, name) => {
    writeFileSync(join(folder, name), "");
    const error = await hashTree(folder).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "invalid-input",
      fault: "operator",
      where: expect.any(String),
    });
    const { message, where } = error as { message: string; where: string };
    expect(`${message}${where}`).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  it("refuses sockets, pipes and names that are not UTF-8", async () => {
    const server = createServer().listen(join(folder, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    await expect(hashTree(folder)).rejects.toThrow('"socket" is a socket');
    server.close();
    rmSync(join(folder, "socket"), { force: true });
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await expect(hashTree(folder)).rejects.toThrow('"pipe" is a named pipe');
    rmSync(join(folder, "pipe"));
    if (process.platform === "darwin") return; // its file systems refuse such names themselves
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff])]), "");
    await expect(hashTree(folder)).rejects.toThrow("not valid UTF-8");
  });

  it("refuses a file that grows while it is packed", async () => {
    build(folder, [file("a", "x".repeat(10)), file("b", "y")], 0o022);
    const packing = packTree(folder);
    const iterator = packing[Symbol.asyncIterator]();
    await iterator.next();
    writeFileSync(join(folder, "b"), "longer");
    const rest = async () => {
      while (!(await iterator.next()).done);
    };
    await expect(rest()).rejects.toMatchObject({ code: "conflict", where: join(folder, "b") });
  });
});

describe("unpackTree", () => {
  const good = [file("a", "content"), { kind: "directory", path: "d" } as const, file("d/b", "x")];

  it("refuses a stream that is cut off anywhere, and leaves nothing", async () => {
    const bytes = archive(good);
    for (const end of [0, 100, 512, 515, 600, 1024, bytes.length - 513, bytes.length - 1]) {
      await expect(refused(bytes.subarray(0, end))).rejects.toThrow("ends too early");
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it("refuses other bytes than the expected ones, and leaves nothing", async () => {
    const bytes = archive(good);
    const { digest } = await unpackTree(stream(bytes), join(folder, "good"));
    const changed = Buffer.from(bytes);
    changed[514] = 0x58;
    const unpacking = unpackTree(stream(changed), join(folder, "out"), { expected: digest });
    await expect(unpacking).rejects.toMatchObject({ code: "digest-mismatch" });
    expect(existsSync(join(folder, "out"))).toBe(false);
  });

  const hostile: [string, readonly Made[]][] = [
    ["a path that goes up", [file("../evil")]],
    ["an absolute path", [file("/evil")]],
    ["a path through a dot", [file("./a")]],
    ["an empty part", [file("a//b")]],
    ["a link that leads out", [{ kind: "symlink", path: "l", target: "../../etc" }]],
    ["an absolute link", [{ kind: "symlink", path: "l", target: "/etc" }]],
    ["a file below a link", [{ kind: "symlink", path: "l", target: "d" }, file("l/evil")]],
    ["a file below a file", [file("a"), file("a/b")]],
    ["a file without its folder", [file("d/b")]],
    ["the same path twice", [file("a", "1"), file("a", "2")]],
    ["a wrong order", [file("b"), file("a")]],
    ["git's own folder", [{ kind: "directory", path: ".git" }]],
  ];
  it.each(hostile)("refuses %s, and leaves nothing", async (_, entries) => {
    await expect(refused(archive(entries))).rejects.toMatchObject({ code: "invalid-input" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("accepts only the one right encoding of a tree", async () => {
    const bytes = archive(good);
    const cases: [number, string][] = [
      [100, "0000666\0"], // mode
      [108, "0001750\0"], // owner
      [136, "15000000000\0"], // time
      [265, "root\0"], // owner's name
      [156, "1"], // a hard link
      [156, "3"], // a device
    ];
    for (const [at, value] of cases) {
      const changed = Buffer.from(bytes);
      changed.write(value, at, "latin1");
      changed.fill(0x20, 148, 156);
      const sum = changed.subarray(0, 512).reduce((total, byte) => total + byte, 0);
      changed.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
      await expect(refused(changed)).rejects.toThrow("not a tree in our format");
    }
    await expect(refused(Buffer.concat([bytes, Buffer.alloc(512)]))).rejects.toThrow(
      "after its end",
    );
    await expect(refused(Buffer.from("PK\u0003\u0004".repeat(300)))).rejects.toThrow("our format");
  });

  it("stops at a ceiling", async () => {
    const options = { maxBytes: 5 };
    const unpacking = unpackTree(stream(archive(good)), join(folder, "out"), options);
    await expect(unpacking).rejects.toThrow("larger than allowed");
  });

  it("refuses a folder that exists", async () => {
    mkdirSync(join(folder, "out"));
    await expect(refused(archive(good))).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("comparePaths", () => {
  it("orders by the bytes of UTF-8, not by UTF-16 units", () => {
    expect(["\uffee", "😀", "a/b", "a.b", "a"].sort(comparePaths)).toEqual([
      "a",
      "a.b",
      "a/b",
      "\uffee",
      "😀",
    ]);
  });
});
