import { existsSync } from "node:fs";
import { expect, it, vi } from "vitest";
import { labNames, readLab } from "../../src/cli/lab/definition.ts";
import { LabHome } from "../../src/cli/lab/home.ts";
import { mailsAt } from "../../src/cli/lab/mailbox.ts";
import { runCli } from "../fixtures/run-cli.ts";
import { needs } from "../support/optional.ts";

/**
 * Every lab as a user plays it: by command line, with the real server, database, agent, router and
 * processes. What a lab asserts about isolation, scans and attacked instances is asserted here. Half a minute
 * each: the ones that no other test stands in for, one of them as it is kept, and all with TIDELOCK_TEST_LONG=1.
 */
const short = ["compromised", "handed-on"];
const kept = "idle-colour";
const rest = labNames().filter((name) => name !== kept && !short.includes(name));
const long = needs(
  process.env["TIDELOCK_TEST_LONG"] === "1",
  `the labs ${rest.join(", ")} are played only with TIDELOCK_TEST_LONG=1`,
);
vi.setConfig({ testTimeout: 400_000 });

interface Judged {
  readonly says: string;
  readonly holds: boolean;
  readonly seen: string;
}

it("are listed, each with what it shows", async () => {
  const { code, stdout } = await runCli(["lab", "list", "-o", "json"]);
  expect(code).toBe(0);
  const labs = JSON.parse(stdout) as { name: string; teaches: string }[];
  expect(labs.map(({ name }) => name)).toEqual(labNames());
  for (const lab of labs) expect(lab.teaches.length).toBeGreaterThan(40);
});

it("do not exist under any other name", async () => {
  const { code, stderr } = await runCli(["lab", "run", "nowhere"]);
  expect(code).not.toBe(0);
  expect(stderr).toContain("idle-colour");
});

async function holds(name: string): Promise<void> {
  const { code, stdout, stderr } = await runCli(["lab", "run", name, "-o", "json"]);
  const judged = JSON.parse(stdout || "[]") as Judged[];
  expect(
    judged.filter(({ holds }) => !holds),
    stderr,
  ).toEqual([]);
  expect(judged).toHaveLength(readLab(name).assert.length);
  expect(code).toBe(0);
  // It has taken away what it made.
  const kept = LabHome.kept(name);
  expect(kept === null || !existsSync(kept.data)).toBe(true);
}

it("goes on with --keep, its mail server too, until it is taken away", async () => {
  const { code, stdout, stderr } = await runCli(["lab", "run", kept, "--keep", "-o", "json"]);
  expect(code, stdout).toBe(0);
  expect(stderr).toContain("your turn: ");
  const home = LabHome.kept(kept);
  const { mailbox } = readLab(kept, home?.ports);
  expect(await mailsAt(mailbox!)).toBe(0);
  // Nobody has done anything yet, so it is not solved; but everything can be looked at.
  const first = await runCli(["lab", "check", kept, "-o", "json"]);
  expect(first.code).toBe(1);
  expect((JSON.parse(first.stdout) as Judged[]).map(({ holds, seen }) => [holds, seen])).toEqual([
    [false, expect.stringMatching(/^1\.0\.0 is live on (blue|green)$/)],
    [true, expect.stringMatching(/^403: /)],
    [true, "0 mails"],
  ]);
  await runCli(["lab", "check", kept, "--end"]);
  expect(existsSync(home!.folder)).toBe(false);
  await expect.poll(() => mailsAt(mailbox!).catch(() => "gone"), { timeout: 10_000 }).toBe("gone");
  expect((await runCli(["lab", "check", kept])).stderr).toContain("--keep");
});

it.each(short)("%s holds what it promises", (name) => holds(name));
it.skipIf(long.missing).each(rest)("%s holds what it promises", (name) => holds(name));
