import { describe, expect, it } from "vitest";
import { checkContext } from "../../../test/support/check-context.ts";
import type { ManifestComparison } from "../../ports/check.ts";
import type { HostAgent } from "../../ports/host-agent.ts";
import { runCheck } from "../run.ts";
import { manifest } from "./index.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const process: ManifestComparison["seen"]["processes"][number] = {
  instance: "web-0",
  main: true,
  pid: 7,
  program: "node",
  from: "machine",
  foreignUser: null,
  variables: ["PATH", "PORT", "TIDELOCK_SERVICE", "DOCS_URL"],
};
const right: ManifestComparison = {
  seen: {
    visible: true,
    deployed: {
      release: digest("a"),
      configuration: digest("c"),
      bindings: "isolated",
      generation: "g",
      delivery: "variables",
    },
    artifacts: [{ digest: digest("b"), change: null }],
    entries: 12,
    misplaced: [],
    processes: [process],
  },
  expected: {
    release: digest("a"),
    configuration: digest("c"),
    bindings: "isolated",
    artifacts: [digest("b")],
    replicas: { web: 1 },
  },
  keys: [{ name: "DOCS_URL", state: "as-configured", problem: null }],
};

type Change = { [K in keyof ManifestComparison]?: Partial<ManifestComparison[K]> };

function run(
  change: Change,
  settings: Record<string, unknown> = {},
  ports: readonly number[] = [80],
) {
  const comparison = {
    seen: { ...right.seen, ...change.seen },
    expected: { ...right.expected, ...change.expected },
    keys: change.keys ?? right.keys,
  } as ManifestComparison;
  const listening = ports.map((port) => ({ instance: "web-0", pid: 7, port, reach: "loopback" }));
  const agent: HostAgent = {
    call: (async () => ({ visible: true, own: [80], listening })) as never,
  };
  const context = checkContext({ agent, manifest: async () => comparison });
  return runCheck(manifest, context, { name: "manifest", with: settings, timeout: 5_000 });
}

const key = (
  state: ManifestComparison["keys"][number]["state"],
  problem: string | null = null,
) => ({
  keys: [{ name: "DOCS_URL", state, problem }],
});
const running = (change: Partial<typeof process>) => ({
  seen: { processes: [process, { ...process, main: false, pid: 8, variables: null, ...change }] },
});

describe("the manifest check", () => {
  it("passes when everything is as the promotion says, and counts what it compared", async () => {
    expect(await run({})).toMatchObject({
      verdict: "pass",
      exercised: { files: 12, assertions: 8 },
    });
  });

  it.each<[string, Change, string]>([
    ["nothing is deployed", { seen: { deployed: null } }, "nothing is deployed"],
    ["another release is there", { expected: { release: digest("d") } }, "the release"],
    ["it is another configuration", { expected: { configuration: digest("d") } }, "configuration"],
    [
      "it has the live bindings",
      { seen: { deployed: { ...right.seen.deployed!, bindings: "live" } } },
      "live bindings",
    ],
    [
      "a file was changed",
      { seen: { artifacts: [{ digest: digest("b"), change: "a.js has other content" }] } },
      "a.js has other content",
    ],
    ["an artifact is not there", { seen: { artifacts: [] } }, "is not there"],
    [
      "a file may be written",
      { seen: { misplaced: ["a.js may be written (mode 666)"] } },
      "may be written",
    ],
    ["a key has another value", key("other-value"), "DOCS_URL was delivered with another value"],
    ["a key is missing", key("missing"), "was not delivered"],
    ["a key is too many", key("unexpected"), "no such key"],
    [
      "a key's file was changed",
      key("as-configured", "its file was changed"),
      "its file was changed",
    ],
    [
      "an instance is missing",
      { expected: { replicas: { web: 2 } } },
      "1 instances of web run, not 2",
    ],
    ["a process left its instance", running({ instance: null }), "left its instance behind"],
    ["a program was written by the service", running({ from: "written" }), "was not released"],
    ["a process runs as somebody else", running({ foreignUser: 0 }), "runs as user 0"],
    [
      "a variable came from nowhere",
      { seen: { processes: [{ ...process, variables: ["NODE_OPTIONS"] }] } },
      "NODE_OPTIONS",
    ],
  ])("fails when %s", async (_, change, message) => {
    const report = await run(change);
    expect(report.verdict).toBe("fail");
    expect(report.summary).toContain(message);
  });

  it("fails on a port that nobody declared, and lets pass what the pipeline allows", async () => {
    expect(await run({}, {}, [80, 9_229])).toMatchObject({ verdict: "fail" });
    expect(await run({}, { allowPorts: [9_229] }, [80, 9_229])).toMatchObject({ verdict: "pass" });
    const stray = running({ instance: null, from: "written" });
    const settings = { strays: "off", allowPrograms: ["node"] };
    expect(await run(stray, settings)).toMatchObject({ verdict: "pass" });
    const variables = { seen: { processes: [{ ...process, variables: ["TZ"] }] } };
    expect(await run(variables, { allowVariables: ["TZ"] })).toMatchObject({ verdict: "pass" });
  });

  it("never passes over what it could not read", async () => {
    expect(await run({ seen: { visible: false } })).toMatchObject({ verdict: "error" });
    expect(await run(running({ from: "unknown" }))).toMatchObject({ verdict: "inconclusive" });
    const unread = { seen: { processes: [{ ...process, variables: null }] } };
    expect(await run(unread)).toMatchObject({ verdict: "warn" });
    const nowhere = checkContext({ slot: null });
    expect(
      await runCheck(manifest, nowhere, { name: "manifest", with: {}, timeout: 5_000 }),
    ).toMatchObject({ verdict: "error" });
  });
});
