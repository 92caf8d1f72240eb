import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  documents,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { digestBytes } from "../../evidence/bytes.ts";
import { encodeEnvelope } from "../../evidence/dsse.ts";
import { releaseSignature } from "../../evidence/predicates/release-signature.ts";
import { makeStatement, signStatement } from "../../evidence/statement.ts";
import { digestOf } from "../../model/canonical.ts";
import type { Digest } from "../../model/primitives.ts";
import { releaseId } from "../../model/release.ts";
import { insertAttestation } from "../../store/queries/attestations.ts";
import { mostGiven } from "./attest-material.ts";
import { checkRequirements } from "./attest-requirements.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const ci = {
  name: "ci",
  publicKey: publicKey.export({ type: "spki", format: "der" }).subarray(12),
  sign: async (message: Uint8Array) => sign(null, message, privateKey),
};

let bench: EngineBench;
let worker: Worker;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidelock-material-"));
  bench = await EngineBench.create();
  worker = bench.worker();
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const producers = { ci: { type: "key", keys: [pem] } };
  const requires = JSON.stringify({ producers, signature: [{ by: ["ci"] }] });
  const text = documents({
    dev: "      checks: [{ name: smoke, uses: staged }]",
    floor: `  requires: ${requires}`,
  });
  await worker.controlPlane.applyDocuments(operator, "tidelock.yaml", text);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.close();
  await rm(folder, { recursive: true });
});

/** Rows as they are kept, of sizes that nobody wants to write to a disk here. */
async function given(release: Digest, count: number, size: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    await insertAttestation(bench.database.db, {
      release,
      digest: digestOf({ at, size }),
      format: "dsse",
      predicate_type: null,
      origin: "given",
      size,
      added_by: "operator",
    });
  }
}

async function aRelease() {
  const release = makeRelease(bench, "1.0.0");
  await worker.controlPlane.createRelease(operator, release);
  const about = [{ name: "shop", digest: releaseId(release) }];
  const statement = makeStatement(about, releaseSignature.type, {});
  const text = Buffer.from(encodeEnvelope(await signStatement(ci, statement))).toString();
  bench.content.add(text);
  const file = join(folder, "piece");
  await writeFile(file, text);
  vi.spyOn(bench.content, "path").mockResolvedValue(file);
  const digest = digestBytes(Buffer.from(text));
  const handIn = () =>
    worker.controlPlane.attestRelease(operator, { service: "shop", release: "1.0.0", digest });
  return { release, id: releaseId(release), handIn };
}

describe("what is handed in about a release", () => {
  it("is refused beyond a number of pieces, and what is there already is no further one", async () => {
    const { id, handIn } = await aRelease();
    await given(id, mostGiven.pieces - 1, 1);
    await handIn();
    await handIn();
    const { db } = bench.database;
    await db.deleteFrom("attestations").where("size", ">", 1).execute();
    await given(id, 1, 0);
    await expect(handIn()).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining("256 pieces with 255 bytes were handed in") as string,
    });
  });

  it("is refused beyond a number of bytes", async () => {
    const { id, handIn } = await aRelease();
    await given(id, 4, mostGiven.bytes / 4);
    await expect(handIn()).rejects.toMatchObject({ code: "invalid-input" });
  });

  it("meets no demand where it is more than is looked at, instead of being cut", async () => {
    const { release, id, handIn } = await aRelease();
    const { db } = bench.database;
    const { digest } = await db
      .selectFrom("documents")
      .select("digest")
      .where("kind", "=", "Environment")
      .where("name", "=", "production")
      .executeTakeFirstOrThrow();
    const lane = { service: "shop", environment: "production" };
    const plan = { environment: digest, lane, live: null, configuration: digest };
    const asked = () => checkRequirements(worker.engine, db, plan, release, new Date());
    await handIn();
    expect(await asked()).toMatchObject([{ asked: "signature", met: true }]);
    await given(id, 9, mostGiven.bytes / 4);
    const [found, ...more] = await asked();
    expect(found).toMatchObject({ asked: "signature", met: false, level: null });
    expect(found?.message).toContain("10 pieces with");
    expect(more).toEqual([]);
  });
});
