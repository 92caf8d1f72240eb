import { chmod, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Files, ToolAgent, checkTree } from "../../../test/support/tool-agent.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { ToolDefinition } from "./definition.ts";
import { maxReportBytes, toolCheck } from "./tool-check.ts";

const Schema = z.strictObject({ exclude: z.array(z.string()).default([]) });
const Whole = z.object({ scanned: z.array(z.string()) });

const definition: ToolDefinition<typeof Schema> = {
  id: "fake",
  schema: Schema,
  touch: "files",
  cost: "cheap",
  disturbs: [],
  sensitiveTo: [],
  programs: ["fake-scan"],
  install: "apt-get install fake-scan",
  proof: { kind: "unproven", why: "it is a test's" },
  version: { argv: ["--version"], pattern: /^fake (\S+)/m },
  tree: {
    concerns: /\.txt$/,
    leaveOut: /(^|\/)\.fakeignore$/,
    defuse: /fake:skip/,
    asking: { names: /(^|\/)\.fakeignore$/, words: /fake:\w+/ },
  },
  wholeExits: [0, 1],
  report: { from: "file", format: "gitleaks" },
  network: "none",
  plan: ({ exclude }) => ({
    argv: ["{report}", "{home}/rules"],
    files: { rules: "ours" },
    exclude,
  }),
  read: (report) => ({ exercised: { files: Whole.parse(report).scanned.length } }),
};
const fake = toolCheck(definition);

/** A program that says its version, and does the given thing when it is to scan. */
function program(body: string): string {
  return `#!/bin/sh\nif [ "$1" = --version ]; then echo "fake 1.2"; exit 0; fi\nreport=$1\n${body}\n`;
}

/** Lists what is there, as a scanner of text files that honours its own words would. */
const honest = program(`
files=$(find . -name '*.txt' ! -name skipped.txt | sort | sed 's/.*/"&"/' | paste -sd, -)
[ -e .fakeignore ] && files=
grep -rq fake:skip . && files=
echo "{\\"scanned\\":[$files],\\"rules\\":\\"$(cat "$2")\\",\\"here\\":\\"$PWD/x\\"}" > "$report"`);

async function scan(
  body: string,
  tree: Files = { "a.txt": "a" },
  more: { readonly timeout?: number; readonly check?: typeof fake } = {},
): Promise<CheckReport> {
  await using agent = await ToolAgent.with(tree);
  await agent.program("fake-scan", body);
  return await checkTree(more.check ?? fake, agent, {}, { timeout: more.timeout ?? 20_000 });
}

describe("an external program that does its work", () => {
  it("is a whole scan, with its version, its digest and its place", async () => {
    const report = await scan(honest, { "a.txt": "a", "b/c.txt": "c", "d.md": "d" });
    expect(report.verdict).toBe("pass");
    expect(report.exercised.files).toBe(2);
    expect(report.tools).toEqual({ fake: "1.2" });
    expect(report.data?.["program"]).toMatch(/\/bin\/fake-scan sha256:[0-9a-f]{64}$/);
  });

  it("gets flags that its version has, and no others", async () => {
    const check = toolCheck({
      ...definition,
      probes: [["--help"]],
      argvIf: [
        { probe: 0, says: "fake 1.2", argv: ["{report}"] },
        { probe: 1, says: "--newer", argv: ["newer"] },
      ],
      plan: ({ exclude }) => ({ argv: ["last"], exclude }),
    });
    const body = `echo "{\\"scanned\\":[\\"a.txt\\"],\\"argv\\":\\"$2 $3\\"}" > "$report"`;
    const { raw } = await scan(program(body), { "a.txt": "a" }, { check });
    expect(JSON.parse(raw?.text ?? "")).toMatchObject({ argv: "last " });
  });

  it("hands over paths relative to the release, and gets the rules that are ours", async () => {
    const { raw } = await scan(honest);
    expect(JSON.parse(raw?.text ?? "")).toMatchObject({ here: "x", rules: "ours" });
  });

  it("has nothing to say about a release without anything for it", async () => {
    const report = await scan(honest, { "readme.md": "nothing" });
    expect(report.verdict).toBe("inconclusive");
    expect(report.summary).toContain("none of 1 files concerns it");
  });

  it("is partial when it looked at less than there is", async () => {
    const report = await scan(honest, { "a.txt": "a", "skipped.txt": "b" });
    expect(report.verdict).toBe("partial");
    expect(report.summary).toContain("1 of 2 files");
  });
});

describe("a release that asks to be overlooked", () => {
  it("has its ignore file left out, its comments made harmless, and both reported", async () => {
    const report = await scan(honest, {
      ".fakeignore": "*",
      "a.txt": "one\ntwo fake:skip",
      "node_modules/x/b.txt": "fake:skip",
    });
    expect(report.verdict).toBe("pass");
    expect(report.exercised.files).toBe(2);
    expect(report.suppressions).toEqual([
      { path: ".fakeignore", tool: "fake", text: "a file named .fakeignore" },
      { path: "a.txt", line: 2, tool: "fake", text: "fake:skip" },
    ]);
  });

  it("has a link of that name left out as well, and what it points to scanned", async () => {
    const report = await scan(honest, {
      ".fakeignore": { link: "notes.txt" },
      "deep/.fakeignore": { link: "../folder" },
      "folder/a.txt": "a",
      "notes.txt": "*",
      "other.txt": { link: "notes.txt" },
    });
    expect(report.verdict).toBe("pass");
    expect(JSON.parse(report.raw?.text ?? "")).toMatchObject({
      scanned: ["./folder/a.txt", "./notes.txt", "./other.txt"],
    });
    expect(report.suppressions?.map(({ path }) => path).sort()).toEqual([
      ".fakeignore",
      "deep/.fakeignore",
    ]);
  });

  it("has a folder of that name left out, and is no whole scan then", async () => {
    const report = await scan(honest, { ".fakeignore/hidden.txt": "x", "a.txt": "a" });
    expect(report.verdict).toBe("partial");
    expect(report.summary).toContain("could not be looked through: .fakeignore");
    expect(report.suppressions?.map(({ path }) => path)).toEqual([".fakeignore"]);
  });

  it("cannot make us write through its links where settings of ours are put", async () => {
    const put = { "rules.cfg": "ours", "conf/deep/rules.cfg": "ours" };
    const check = toolCheck({
      ...definition,
      tree: { concerns: /\.txt$/, asking: {}, put },
    });
    await using agent = await ToolAgent.with({
      "a.txt": "kept",
      "b/a.txt": "kept",
      "b/deep/rules.cfg": "kept",
      "rules.cfg": { link: "a.txt" },
      conf: { link: "b" },
    });
    const show = `cat a.txt b/deep/rules.cfg rules.cfg conf/deep/rules.cfg > "$report.x"
echo "{\\"scanned\\":[\\"a.txt\\",\\"b/a.txt\\"],\\"text\\":\\"$(cat "$report.x")\\"}" > "$report"`;
    await agent.program("fake-scan", program(show));
    const report = await checkTree(check, agent);
    expect(report.verdict).toBe("pass");
    expect(JSON.parse(report.raw?.text ?? "")).toMatchObject({ text: "keptkeptoursours" });
  });

  it("cannot bring the program with it", async () => {
    await using agent = await ToolAgent.with({ "a.txt": "a", "fake-scan": honest });
    const report = await checkTree(fake, agent);
    expect(report.verdict).toBe("missing");
  });

  it("cannot bring it by a link that lies where tools do", async () => {
    await using agent = await ToolAgent.with({ "a.txt": "a", "fake-scan": honest });
    await chmod(join(agent.tree, "fake-scan"), 0o755);
    await symlink(join(agent.tree, "fake-scan"), join(agent.folder, "bin", "fake-scan"));
    expect((await checkTree(fake, agent)).verdict).toBe("missing");
  });
});

describe("a program that is not there", () => {
  it("is missing, with the command that installs it", async () => {
    const report = await checkTree(fake, { "a.txt": "a" });
    expect(report.verdict).toBe("missing");
    expect(report.summary).toContain("install it with `apt-get install fake-scan`");
  });

  it("is missing when it is there and cannot be run", async () => {
    await using agent = await ToolAgent.with({ "a.txt": "a" });
    await symlink("/no/such/program", join(agent.folder, "bin", "fake-scan"));
    const report = await checkTree(fake, agent);
    expect(report.verdict).toBe("missing");
    expect(report.summary).toContain("may not read and run it");
  });

  it("is missing when its interpreter is", async () => {
    const report = await scan("#!/no/such/interpreter\n");
    expect(report.verdict).toBe("missing");
    expect(report.summary).toContain("cannot start it");
  });

  it("is no version when it does not say one", async () => {
    const report = await scan("#!/bin/sh\necho hello\n");
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("version probe");
  });
});

describe("a program that goes wrong is an error, whatever it says:", () => {
  const good = `echo '{"scanned":["a.txt"]}'`;

  it.each([
    ["an exit code that is none of its own", `${good} > $report; exit 2`, "exit code 2"],
    ["a signal", `${good} > $report; kill -9 $$`, "SIGKILL"],
    ["no report, and 0", "exit 0", "it wrote no report"],
    ["an empty report", ": > $report", "its report is empty"],
    ["a report that ends early", `printf '{"scanned":["a.t' > $report`, "no whole JSON"],
    ["a report of another form", "echo '{}' > $report", "not of the form"],
    ["binary garbage", "head -c 5000 /dev/urandom > $report", "its report is no"],
    ["a link in place of the report", "ln -s /etc/hostname $report", "cannot be read (ELOOP)"],
    ["a folder in place of the report", "mkdir $report", "its report is no plain file"],
    ["a pipe in place of the report", "mkfifo $report", "its report is no plain file"],
  ])("%s", async (_name, body, why) => {
    const report = await scan(program(body));
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain(why);
  });

  it("a program that hangs", async () => {
    const report = await scan(program("sleep 60"), { "a.txt": "a" }, { timeout: 1_500 });
    expect(report.verdict).toBe("error");
    expect(report.summary).toMatch(/time limit/);
  });

  it("a report that does not end, long before it fills the disk", async () => {
    const report = await scan(program("yes > $report"));
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain(`longer than ${maxReportBytes} bytes`);
  });

  it("output that does not end, where the report is the output", async () => {
    const check = toolCheck({ ...definition, report: { from: "stdout", format: "gitleaks" } });
    const report = await scan(program("yes"), { "a.txt": "a" }, { check });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain(`longer than ${maxReportBytes} bytes`);
  });

  it("output without end beside the report is not kept, and does no harm", async () => {
    const report = await scan(program(`head -c 50000000 /dev/zero; ${good} > $report`));
    expect(report.verdict).toBe("pass");
  });
});
