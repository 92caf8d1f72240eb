import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { treeOf } from "../../../test/support/tree-context.ts";
import { runScan, type ScanEnd } from "./run-scan.ts";

/** Children that misbehave, each a program as an adapter's `child` is. */
const serve = new URL("./child.ts", import.meta.url).href;
const programs: Readonly<Record<string, string>> = {
  good: `
    import { serveScan } from "${serve}";
    await serveScan({ options: { parse: (x) => x }, begin: () => ({
      wants: () => ({ kind: "whole", most: 100 }),
      file: ({ path, text }, report) => {
        if (text === "throw") throw new Error("no such grammar");
        report({ rule: "r", path, line: 1, message: text, fingerprint: "f" });
      },
    }) });`,
  probe: `
    const tried = {};
    const attempt = async (name, what) => {
      try { await what(); tried[name] = "allowed"; } catch (error) { tried[name] = error.code ?? error.name; }
    };
    const fs = await import("node:fs");
    await attempt("read", () => fs.readFileSync("/etc/hostname"));
    await attempt("list", () => fs.readdirSync("/"));
    await attempt("write", () => fs.writeFileSync("/tmp/tidelock-probe", "x"));
    await attempt("process", async () => (await import("node:child_process")).spawnSync("true"));
    await attempt("thread", async () => new (await import("node:worker_threads")).Worker("1", { eval: true }));
    await attempt("addon", () => process.dlopen({ exports: {} }, "/x.node"));
    await attempt("eval", () => eval("1"));
    tried.environment = Object.keys(process.env).join();
    process.stdin.resume();
    process.stdin.on("end", () => { process.stderr.write("failed: " + JSON.stringify(tried)); process.exitCode = 1; });`,
  crash: `process.stderr.write("at a.ts\\n"); process.stdin.resume(); setTimeout(() => process.abort(), 50);`,
  memory: `process.stderr.write("at a.ts\\n"); const all = []; for (;;) all.push(new Array(1e5).fill(all.length));`,
  hang: `process.stderr.write("at a.ts\\n"); for (;;);`,
  garbage: `process.stdin.resume(); process.stdin.on("end", () => process.stdout.write(Buffer.from([0xff, 0, 1, 2])));`,
  lies: `process.stdin.resume(); process.stdin.on("end", () => process.stdout.write('{"hits":[]}'));`,
  silent: `process.stdin.resume();`,
  flood: `process.stdin.resume(); const part = "x".repeat(1 << 20); const go = () => process.stdout.write(part, go); go();`,
};

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tidelock-scan-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A child beside a made-up adapter; those that import nothing of ours are plain JavaScript. */
async function scan(
  name: string,
  files: Parameters<typeof treeOf>[0] = { "a.ts": "1" },
  change: { tree?: string; signal?: AbortSignal; exclude?: string[] } = {},
): Promise<ScanEnd> {
  const program = join(folder, `${name}.mjs`);
  writeFileSync(program, programs[name] ?? "");
  const made = await treeOf(files);
  return runScan(
    { signal: change.signal ?? new AbortController().signal },
    {
      program: pathToFileURL(program),
      readable: [folder],
      heapMb: 64,
      options: {},
      exclude: change.exclude ?? [],
      ...made,
      ...(change.tree === undefined ? {} : { tree: change.tree }),
    },
  );
}

describe("the scanning process", () => {
  it("examines what the scanner wants, and names what it could not examine", async () => {
    const end = await scan(
      "good",
      {
        "a.ts": "one",
        "b.ts": "throw",
        "c.ts": "x".repeat(101),
        "d/e.ts": "left",
      },
      { exclude: ["d/**"] },
    );
    expect(end).toMatchObject({
      kind: "done",
      reply: {
        examined: 1,
        entries: 5,
        excluded: 1,
        hitCount: 1,
        hits: [{ path: "a.ts", message: "one" }],
        unread: [
          { path: "b.ts", why: "no such grammar" },
          { path: "c.ts", why: "it has 101 bytes, more than 100" },
        ],
      },
    });
  });

  it("may neither read, write, start anything, nor see our environment", async () => {
    const end = await scan("probe");
    const why = end.kind === "failed" ? end.why : "";
    expect(JSON.parse(/\{.*\}/.exec(why)?.[0] ?? "{}")).toEqual({
      read: "ERR_ACCESS_DENIED",
      list: "ERR_ACCESS_DENIED",
      write: "ERR_ACCESS_DENIED",
      process: "ERR_ACCESS_DENIED",
      thread: "ERR_ACCESS_DENIED",
      addon: "ERR_DLOPEN_DISABLED",
      eval: "EvalError",
      environment: "",
    });
  });

  it.each([
    ["crash", /was ended by SIGABRT; the last file it read was a\.ts/],
    ["memory", /needed more than 64 MiB of memory; the last file it read was a\.ts/],
    ["garbage", /no answer/],
    ["lies", /no answer/],
    ["silent", /no answer/],
    ["flood", /answered more than/],
  ])("that ends with %s has failed, and the reason is said", async (name, expected) => {
    const end = await scan(name);
    expect(end.kind).toBe("failed");
    expect(end.kind === "failed" && end.why).toMatch(expected);
  });

  it("that hangs is killed with its check", async () => {
    const end = await scan("hang", {}, { signal: AbortSignal.timeout(400) });
    expect(end.kind === "failed" && end.why).toMatch(/stopped before it ended/);
  });

  it("refuses a tree that is another than was ordered, and one that ends too early", async () => {
    const other = await scan("good", { "a.ts": "1" }, { tree: `sha256:${"0".repeat(64)}` });
    expect(other.kind === "failed" && other.why).toMatch(/the tree is sha256:.* and not/);
    const cut = await runScan(
      { signal: new AbortController().signal },
      {
        program: pathToFileURL(join(folder, "good.mjs")),
        readable: [folder],
        tree: "sha256:0",
        options: {},
        readTree: async function* () {
          yield Buffer.alloc(100);
        },
      },
    );
    expect(cut.kind === "failed" && cut.why).toMatch(/ends too early/);
  });

  it("is fed by a store that breaks: that is the store's failure, not an empty scan", async () => {
    const end = await runScan(
      { signal: new AbortController().signal },
      {
        program: pathToFileURL(join(folder, "good.mjs")),
        readable: [folder],
        tree: "sha256:0",
        options: {},
        readTree: () => ({
          [Symbol.asyncIterator]: () => ({
            next: async () => Promise.reject(new Error("disk gone")),
          }),
        }),
      },
    );
    expect(end.kind === "failed" && end.why).toMatch(/disk gone/);
  });
});
