import { expect, it } from "vitest";
import type { HostAgent, Result } from "../../ports/host-agent.ts";
import { checkContext } from "../../../test/support/check-context.ts";
import { runCheck } from "../run.ts";
import { ports } from "./index.ts";

type Seen = Result<"slot.ports">;
const listens = (port: number, reach: "loopback" | "any" = "loopback") => ({
  instance: "web-0",
  pid: 7,
  port,
  reach,
});

function run(seen: Partial<Seen>, settings: Record<string, unknown> = {}) {
  const agent: HostAgent = {
    call: (async () => ({ visible: true, own: [4_000], listening: [], ...seen })) as never,
  };
  const demand = { name: "ports", with: settings, timeout: 5_000 };
  return runCheck(ports, checkContext({ agent }), demand);
}

it("passes when only declared ports are open", async () => {
  expect(await run({ listening: [listens(4_000)] })).toMatchObject({ verdict: "pass" });
  const two = { listening: [listens(4_000), listens(9_090)] };
  expect(await run(two, { allow: [9_090] })).toMatchObject({ verdict: "pass" });
});

it("fails on a port that nobody declared, also of a process that left its instance", async () => {
  const report = await run({ listening: [listens(4_000), { ...listens(1_337), instance: null }] });
  expect(report).toMatchObject({ verdict: "fail" });
  expect(report.summary).toContain("port 1337");
});

it("says of one that other machines can reach, as it is told to", async () => {
  const seen = { listening: [listens(4_000, "any")] };
  expect((await run(seen)).verdict).toBe("warn");
  expect((await run(seen, { exposed: "fail" })).verdict).toBe("fail");
  expect((await run(seen, { exposed: "off" })).verdict).toBe("pass");
});

it("is inconclusive when nobody listens, or there is nothing to look at", async () => {
  expect((await run({})).verdict).toBe("inconclusive");
  expect((await run({ own: [] })).verdict).toBe("inconclusive");
});

it("is an error where the system does not show it", async () => {
  expect((await run({ visible: false })).verdict).toBe("error");
});
