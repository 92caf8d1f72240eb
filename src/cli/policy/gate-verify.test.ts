import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli } from "../../../test/fixtures/run-cli.ts";
import { AuditStory, type StoryOptions, trustRoot } from "../../../test/support/audit-story.ts";
import { makePack } from "../../audit/write-pack.ts";

/** `tidelock gate verify` with a pack: no server, no network. */

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gate-verify-"));
  writeFileSync(join(folder, "trust.json"), JSON.stringify(trustRoot()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function verify(name: string, options: StoryOptions, ...more: readonly string[]) {
  const story = await AuditStory.tell(options);
  writeFileSync(join(folder, name), makePack(await story.content()));
  return runCli(["gate", "verify", join(folder, name), ...more], { cwd: folder });
}

interface Told {
  readonly counts: Readonly<Record<string, number>>;
  readonly decisions: readonly {
    readonly operation: string;
    readonly result: string;
    readonly recorded: string;
    readonly recomputed: string | null;
    readonly why: readonly string[];
  }[];
}

it("shows each decision as recorded and as it follows again, and is content when they are the same", async () => {
  const trust = join(folder, "trust.json");
  const { code, stdout } = await verify("good.zip", {}, "--trust", trust, "--json");
  expect(code).toBe(0);
  const { counts, decisions } = JSON.parse(stdout) as Told;
  expect(counts).toEqual({ same: 3, differs: 0, unknown: 0 });
  for (const one of decisions) expect(one.recomputed).toBe(one.recorded);
});

it("names the decision that was turned round, and where it parts", async () => {
  const tamper: StoryOptions["tamper"] = ({ payload }) => ({ ...payload, outcome: "allow" });
  const { code, stdout } = await verify("turned.zip", { tamper }, "--trust", "trust.json");
  expect(code).toBe(7);
  expect(stdout).toContain("DIFFERS");
  expect(stdout).toContain("it says allow, and from its inputs follows deny");
});

it("calls a decision of another version of the rules neither right nor wrong", async () => {
  const tamper: StoryOptions["tamper"] = ({ promotion, payload }) =>
    promotion === "pfirst" ? { ...payload, evaluator: "tidelock-policy/99" } : payload;
  const { code, stdout } = await verify("other.zip", { tamper }, "--json");
  const { counts, decisions } = JSON.parse(stdout) as Told;
  expect(counts).toMatchObject({ differs: 0, unknown: 1 });
  expect(decisions.find(({ result }) => result === "unknown")?.why).toEqual([
    expect.stringContaining("decided by evaluator tidelock-policy/99, this verifier has"),
  ]);
  expect(code).toBe(1);
});

it("says that there is no such pack, and what makes one", async () => {
  const { code, stderr } = await runCli(["gate", "verify", "nothing.zip"], { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toContain("tidelock audit export");
});
