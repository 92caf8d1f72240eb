import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;
const dev = { service: "shop", environment: "dev" };

beforeEach(async () => {
  bench = await EngineBench.create();
  plane = bench.worker().controlPlane;
  await plane.applyDocuments(operator, "t.yaml", documents());
});

afterEach(() => bench.close());

describe("a release", () => {
  it("sent twice is one release", async () => {
    const release = makeRelease(bench, "1.0.0");
    const both = await Promise.all([
      plane.createRelease(operator, release),
      plane.createRelease(operator, release),
    ]);
    expect(both[0]?.id).toBe(both[1]?.id);
    expect(await plane.listReleases({ service: "shop", limit: 10 })).toHaveLength(1);
  });

  it("is refused where its version stands for other bytes", async () => {
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    const other = { ...makeRelease(bench, "2.0.0"), version: "1.0.0" };
    await expect(plane.createRelease(operator, other)).rejects.toMatchObject({ code: "conflict" });
  });

  it("is refused where its bytes are not here or have another size", async () => {
    const release = makeRelease(bench, "1.0.0");
    const [artifact] = release.artifacts;
    if (!artifact) throw new Error("no artifact");
    const absent = { ...artifact, digest: `sha256:${"0".repeat(64)}` };
    await expect(
      plane.createRelease(operator, { ...release, artifacts: [absent] }),
    ).rejects.toMatchObject({ code: "invalid-input" });
    await expect(
      plane.createRelease(operator, { ...release, artifacts: [{ ...artifact, size: 1 }] }),
    ).rejects.toMatchObject({ code: "invalid-input" });
    expect(await plane.listReleases({ limit: 10 })).toEqual([]);
  });

  it("is refused where its tree is empty, whoever packed it", async () => {
    const release = makeRelease(bench, "1.0.0");
    const nothing = { name: "tree", ...bench.content.add("\0".repeat(1_024)) };
    const artifacts = release.artifacts.map((artifact) => ({ ...artifact, ...nothing }));
    await expect(plane.createRelease(operator, { ...release, artifacts })).rejects.toMatchObject({
      code: "invalid-input",
      message: "tree is an empty tree",
    });
  });

  it("is found by version, id and unique prefix, and otherwise not", async () => {
    const { id } = await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    for (const reference of ["1.0.0", id, id.slice(0, 20), id.slice(7, 20)]) {
      expect((await plane.showRelease("shop", reference)).id).toBe(id);
    }
    await expect(plane.showRelease("shop", "9.9.9")).rejects.toMatchObject({ code: "not-found" });
  });

  it("whose bytes were damaged on disk is not deployed, and what is live stays", async () => {
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    const first = await plane.promote(operator, { ...dev, release: "1.0.0" });
    await ended(plane, first.id);
    const second = makeRelease(bench, "1.1.0");
    await plane.createRelease(operator, second);
    bench.content.blobs.set(second.artifacts[0]?.digest ?? "", Buffer.from("other bytes"));
    const accepted = await plane.promote(operator, { ...dev, release: "1.1.0" });
    const failed = await ended(plane, accepted.id);
    expect(failed).toMatchObject({ state: "failed", decision: { outcome: "deny" } });
    expect(failed.message).toContain("other bytes than its digest");
    expect(bench.host.live("shop/dev")).toBe("blue");
    expect([...bench.host.slots.keys()]).toEqual(["shop/dev/blue"]);
  });

  it("that runs from other files than its own is not given traffic", async () => {
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    bench.host.behaviours.set("shop@1.0.0", "wrong-identity");
    const accepted = await plane.promote(operator, { ...dev, release: "1.0.0" });
    const failed = await ended(plane, accepted.id);
    expect(failed.state).toBe("failed");
    expect(failed.message).toContain("digest-mismatch");
    expect(bench.host.live("shop/dev")).toBeNull();
  });
});

describe("a configuration", () => {
  const configuration = (values: Record<string, string>, more: object = {}) => ({
    kind: "Configuration" as const,
    formatVersion: 1 as const,
    ...dev,
    values,
    secrets: {},
    isolated: { values: {}, secrets: {} },
    delivery: "files" as const,
    ...more,
  });

  it("comes into effect by a promotion of the same release, and lists what differed under test", async () => {
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    await ended(plane, (await plane.promote(operator, { ...dev, release: "1.0.0" })).id);
    const isolated = { values: { PAYMENTS: "http://mock" }, secrets: {} };
    await plane.applyConfiguration(
      operator,
      configuration({ PAYMENTS: "https://pay", COLOUR: "red" }, { isolated }),
    );
    const done = await ended(
      plane,
      (await plane.promote(operator, { ...dev, release: "1.0.0" })).id,
    );
    expect(done).toMatchObject({ state: "complete", configuration: { version: 2 } });
    const live = done.steps.find((step) => step.title === "deploy to green with live bindings");
    expect(live?.message).toContain("live instead of isolated: PAYMENTS");
    const spec = bench.host.slots.get("shop/dev/green")?.spec;
    expect(spec?.environment.entries).toEqual({ PAYMENTS: "https://pay", COLOUR: "red" });
    const entries = await bench.database.db.selectFrom("ledger_entries").selectAll().execute();
    expect(JSON.stringify(entries)).not.toContain("https://pay");
  });

  it("applied twice is one version, and going back to older values is a new one", async () => {
    const versions: number[] = [];
    for (const colour of ["red", "red", "blue", "red"]) {
      const view = await plane.applyConfiguration(operator, configuration({ COLOUR: colour }));
      versions.push(view.version);
    }
    expect(versions).toEqual([1, 1, 2, 3]);
    expect((await plane.showConfiguration(dev, 2)).values).toEqual({ COLOUR: "blue" });
  });

  it("that names a secret nobody has set stops at admission, naming it", async () => {
    await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
    const secrets = { API_KEY: { provider: "local", name: "payments" } };
    await plane.applyConfiguration(operator, configuration({}, { secrets }));
    const accepted = await plane.promote(operator, { ...dev, release: "1.0.0" });
    const failed = await ended(plane, accepted.id);
    expect(failed.message).toContain("payments");
    expect(bench.host.slots.size).toBe(0);
    bench.secrets.set("payments", "very-secret-value");
    const again = await ended(plane, (await plane.retry(operator, failed.id)).id);
    expect(again.state).toBe("complete");
    const entries = await bench.database.db.selectFrom("ledger_entries").selectAll().execute();
    const events = await plane.events({ after: 0, waitMs: 0, limit: 500 });
    expect(JSON.stringify([entries, events, again])).not.toContain("very-secret-value");
  });
});

describe("a pipeline file", () => {
  it("is applied whole or not at all", async () => {
    const text = `
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: staging }
spec: { tier: staging, router: { type: embedded, listen: { shop: "127.0.0.1:18081" } } }
---
apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: cart }
spec:
  processes: { web: { command: [node, cart.js] } }
  environments: [{ name: dev }, { name: elsewhere }]
`;
    const error = await plane.applyDocuments(operator, "cart.yaml", text).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "invalid-input" });
    const problems = (error as { problems: { message: string }[] }).problems;
    expect(problems.map((problem) => problem.message).join("\n")).toMatch(
      /no address for cart[^]*no environment elsewhere[^]*is the address of shop in dev already/,
    );
    expect((await plane.listPipelines()).map((one) => one.name)).toEqual(["shop"]);
  });

  it("cannot take away an address that a registered pipeline needs", async () => {
    const text = `
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: dev }
spec: { tier: development, router: { type: embedded, listen: { other: "127.0.0.1:18090" } } }
`;
    await expect(plane.applyDocuments(operator, "e.yaml", text)).rejects.toMatchObject({
      code: "invalid-input",
    });
  });

  it("applied again unchanged changes nothing", async () => {
    const again = await plane.applyDocuments(operator, "t.yaml", documents());
    expect(again.applied.map((one) => one.changed)).toEqual([false, false, false]);
    expect(await plane.listPipelines()).toMatchObject([{ name: "shop", version: 1 }]);
  });
});
