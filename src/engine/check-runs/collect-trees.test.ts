import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import type { Digest } from "../../model/primitives.ts";
import type { HostAgent } from "../../ports/host-agent.ts";
import { collectTrees } from "./collect-trees.ts";

let bench: EngineBench;
beforeEach(async () => {
  bench = await EngineBench.create();
});
afterEach(() => bench.close());

it("keeps what is live, what can take the traffic back and what is on its way; the rest goes", async () => {
  const { controlPlane: plane, engine, reconciler } = bench.worker();
  await plane.applyDocuments(operator, "t.yaml", documents());
  const digests = new Map<string, Digest>();
  for (const version of ["1.0.0", "1.1.0", "1.2.0", "1.3.0"]) {
    const release = makeRelease(bench, version);
    digests.set(version, release.artifacts[0]?.digest ?? "");
    await plane.createRelease(operator, release);
  }
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    const { id } = await plane.promote(operator, {
      service: "shop",
      environment: "dev",
      release: version,
    });
    await ended(plane, id);
  }
  const kept: string[][] = [];
  const agent = {
    call: async (method: string, params: { keep: string[] }) => {
      expect(method).toBe("artifact.collect");
      kept.push(params.keep);
      return { removed: 1 };
    },
  } as unknown as HostAgent;
  const notices: string[] = [];
  const observed = { ...engine, agent, notice: (text: string) => notices.push(text) };
  await collectTrees(observed);
  expect(kept).toEqual([[digests.get("1.1.0"), digests.get("1.2.0")].sort()]);
  expect(notices).toEqual(["removed 1 unpacked release that nothing needs"]);
  await reconciler.stop();
  await plane.promote(operator, { service: "shop", environment: "dev", release: "1.3.0" });
  await collectTrees(observed);
  expect(kept[1]).toContain(digests.get("1.3.0"));
});
