import { generateKeyPairSync, sign } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { digestBytes } from "../../evidence/bytes.ts";
import { encodeEnvelope } from "../../evidence/dsse.ts";
import { checkRun } from "../../evidence/predicates/check-run.ts";
import { makeSummary, summary } from "../../evidence/predicates/summary.ts";
import { makeStatement, signStatement } from "../../evidence/statement.ts";
import { type Release, releaseId } from "../../model/release.ts";
import { keepAttestation } from "../../store/queries/attestations.ts";

/** Evidence has an address (law 3): each of these pieces is genuine, by a producer that the owners listed. */

let bench: EngineBench;
let worker: Worker;
beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
});
afterEach(() => bench.close());

const ci = (() => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    pem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    signer: {
      name: "ci",
      publicKey: publicKey.export({ type: "spki", format: "der" }).subarray(12),
      sign: async (message: Uint8Array) => sign(null, message, privateKey),
    },
  };
})();

/** The key with which this server signs its own statements. */
async function ownKey(): Promise<string> {
  const row = await bench.database.db
    .selectFrom("ledger_keys")
    .select("public_key")
    .where("use", "=", "evidence")
    .executeTakeFirstOrThrow();
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), row.public_key]);
  return `-----BEGIN PUBLIC KEY-----\n${der.toString("base64")}\n-----END PUBLIC KEY-----\n`;
}

async function apply(predicateType: string, pem: string, environment?: string): Promise<void> {
  const demand = {
    predicateType,
    by: ["tidelock"],
    ...(environment === undefined ? {} : { environment }),
  };
  const producers = { tidelock: { type: "key", keys: [pem] } };
  const requires = JSON.stringify({ producers, attestations: [demand] });
  const text = documents({
    dev: "      checks: [{ name: smoke, uses: staged }]",
    floor: `  requires: ${requires}`,
  });
  await worker.controlPlane.applyDocuments(operator, "tidelock.yaml", text);
}

async function promote(environment: string) {
  const request = { service: "shop", release: "1.0.0", environment };
  const { id } = await worker.controlPlane.promote(operator, request);
  return id;
}

async function handIn(release: Release, passed: boolean, timeVerified: string): Promise<void> {
  const predicate = makeSummary({
    lane: { service: "shop", environment: "production" },
    passed,
    timeVerified,
    policy: releaseId(release),
    inputs: [],
    buildLevel: null,
    version: "1.0.0",
  });
  const about = [{ name: "shop", digest: releaseId(release) }];
  const statement = makeStatement(about, summary.type, { ...predicate });
  const bytes = Buffer.from(encodeEnvelope(await signStatement(ci.signer, statement)));
  await bench.database.db.transaction().execute((tx) =>
    keepAttestation(tx, {
      release: releaseId(release),
      digest: digestBytes(bytes),
      format: "dsse",
      predicate_type: summary.type,
      origin: "given",
      size: bytes.length,
      content: bytes,
      added_by: "operator",
    }),
  );
}

describe("evidence from testing", () => {
  it("is refused in production with the reason, and counts where the owners name testing", async () => {
    const release = makeRelease(bench, "1.0.0");
    await apply(checkRun.type, await ownKey());
    await worker.controlPlane.createRelease(operator, release);
    expect(await ended(worker.controlPlane, await promote("dev"))).toMatchObject({
      state: "complete",
    });
    const refused = await ended(worker.controlPlane, await promote("production"));
    expect(refused).toMatchObject({ state: "failed" });
    expect(refused.message).toContain("was made for environment dev, and production is demanded");
    await apply(checkRun.type, await ownKey(), "dev");
    const taken = await ended(worker.controlPlane, await promote("production"));
    expect(taken).toMatchObject({ state: "complete" });
  });
});

describe("the gate before the switch", () => {
  it("asks again: what was contradicted since admission opens nothing", async () => {
    const release = makeRelease(bench, "1.0.0");
    await apply(summary.type, ci.pem);
    await worker.controlPlane.createRelease(operator, release);
    await handIn(release, true, "2026-01-01T10:00:00Z");
    await ended(worker.controlPlane, await promote("dev"));
    let letGo = (): void => undefined;
    bench.staged.hold = new Promise((resolve) => {
      letGo = resolve;
    });
    const runs = bench.staged.runs.length;
    const id = await promote("production");
    await until(
      async () => bench.staged.runs.length,
      (count) => count > runs,
    );
    await handIn(release, false, "2026-01-02T10:00:00Z");
    letGo();
    const end = await ended(worker.controlPlane, id);
    expect(end).toMatchObject({ state: "failed" });
    expect(end.message).toContain("its result is FAILED");
    const admitted = end.steps.find(({ kind }) => kind === "admit");
    expect(admitted).toMatchObject({ state: "done" });
    // Said again, later, by the same producer: it counts.
    bench.staged.hold = undefined;
    await handIn(release, true, "2026-01-03T10:00:00Z");
    const again = await ended(worker.controlPlane, await promote("production"));
    expect(again).toMatchObject({ state: "complete" });
  });
});
