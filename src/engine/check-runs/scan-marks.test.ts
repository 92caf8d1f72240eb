import { describe, expect, it } from "vitest";
import { FakeHost } from "../../../test/support/fake-host.ts";
import type { HostAgent, Result } from "../../ports/host-agent.ts";
import { beginScan, whyVoid } from "./scan-marks.ts";
import type { Engine } from "../engine.ts";

const lane = { service: "shop", environment: "dev" };
const nowhere = { tester: 0, other: 0 };
type Seen = Result<"scan.read">;

/** A scan of green while users are on blue, and what the router counted of it. */
async function after(change: Partial<Seen>): Promise<string | null> {
  const host = new FakeHost();
  const mark = await beginScan({ agent: host } as unknown as Engine, lane, 1_000);
  const seen: Seen = {
    seen: { blue: nowhere, green: { tester: 40, other: 0 } },
    router: mark.router,
    weights: { blue: 100, green: 0 },
    ...change,
  };
  const agent: HostAgent = {
    call: async (method, params) =>
      method === "scan.read" ? (seen as never) : host.call(method, params),
  };
  return whyVoid({ agent }, lane, mark, "green");
}

describe("a scan through the router", () => {
  it("counts when all of its requests met the tested colour as a tester's", async () => {
    expect(await after({})).toBeNull();
  });

  it.each([
    ["met the live colour", { blue: { tester: 0, other: 3 }, green: nowhere }],
    ["met it with a tester's credential", { blue: { tester: 3, other: 0 }, green: nowhere }],
    ["came back without the credential", { blue: nowhere, green: { tester: 9, other: 3 } }],
  ])("is void when requests %s", async (_name, seen) => {
    expect(await after({ seen })).toContain("3 requests of this scan came back");
  });

  it("counts what users' weights bring to the tested colour as no return", async () => {
    const seen = { blue: nowhere, green: { tester: 0, other: 3 } };
    expect(await after({ seen, weights: { blue: 50, green: 50 } })).toBeNull();
  });

  it.each([
    ["was started again", { router: "another" }],
    ["knows nothing of it", { seen: null }],
  ])("is void when the router %s: what it counted is lost", async (_name, change) => {
    expect(await after(change)).toContain("started again during the scan");
  });
});
