import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../test/support/engine-bench.ts";
import { type Release, releaseId } from "../../model/release.ts";
import { readEnvelope, statementPayloadType, verifyEnvelope } from "../../evidence/dsse.ts";
import { digestBytes } from "../../evidence/bytes.ts";
import { checkRun } from "../../evidence/predicates/check-run.ts";
import { completion } from "../../evidence/predicates/completion.ts";
import { decision } from "../../evidence/predicates/decision.ts";
import { conformance } from "../../evidence/predicates/conformance.ts";
import { deployment } from "../../evidence/predicates/deployment.ts";
import { summary } from "../../evidence/predicates/summary.ts";
import { testResult } from "../../evidence/predicates/test-result.ts";
import { readStatement, subjectDigests } from "../../evidence/statement.ts";
import { keepAttestation } from "../../store/queries/attestations.ts";
import { trustedEvidenceKeys } from "./attest.ts";

let bench: EngineBench;
beforeEach(async () => {
  bench = await EngineBench.create();
});
afterEach(() => bench.close());

/** Every envelope of ours about a release, verified with the evidence keys, in the order it came. */
async function statements(release: string) {
  const { db } = bench.database;
  const keys = await trustedEvidenceKeys(db);
  const rows = await db
    .selectFrom("attestations")
    .selectAll()
    .where("release", "=", release)
    .where("origin", "=", "own")
    .orderBy("added_at")
    .execute();
  return rows.map((row) => {
    const envelope = readEnvelope(row.content ?? new Uint8Array());
    if (!envelope.ok) throw new Error(envelope.problem);
    const verified = verifyEnvelope(envelope.value, { keys, payloadType: statementPayloadType });
    if (!verified.ok) throw new Error(verified.problem);
    const statement = readStatement(verified.value.payload);
    if (!statement.ok) throw new Error(statement.problem);
    return { digest: row.digest, statement: statement.value };
  });
}

/** The digests that entries of the ledger name. */
async function named(): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ digest: string }>`
    select json_array_elements_text(payload -> 'attestations') as digest
    from ledger_entries where payload -> 'attestations' is not null
  `.execute(bench.database.db);
  return new Set(rows.map(({ digest }) => digest));
}

const dev = { service: "shop", environment: "dev" };

async function promote(plane: Worker["controlPlane"], release: Release, environment = "dev") {
  await plane.createRelease(operator, release);
  const { version } = release;
  const accepted = await plane.promote(operator, {
    service: "shop",
    environment,
    release: version,
  });
  return ended(plane, accepted.id);
}

/** `dev` with a check, so that a promotion of one lane shows everything. */
const checked = documents({ dev: "      checks: [{ name: smoke, uses: staged }]" });

describe("what the engine does and decides", () => {
  it("is stated in signed envelopes that entries of the ledger name", async () => {
    const { controlPlane } = bench.worker();
    await controlPlane.applyDocuments(operator, "tidelock.yaml", checked);
    const release = makeRelease(bench, "1.0.0");
    expect(await promote(controlPlane, release)).toMatchObject({ state: "complete" });
    const id = releaseId(release);
    const found = await statements(id);
    expect(found.map(({ statement }) => statement.predicateType)).toEqual([
      decision.type,
      checkRun.type,
      testResult.type,
      decision.type,
      conformance.type,
      deployment.type,
      completion.type,
      summary.type,
    ]);
    const digests = await named();
    for (const { digest, statement } of found) {
      expect(digests.has(digest)).toBe(true);
      const artifacts = release.artifacts.map((artifact) => artifact.digest);
      expect(subjectDigests(statement)).toEqual([id, ...artifacts]);
    }
    const made = summary.schema.parse(found.at(-1)?.statement.predicate);
    expect(made).toMatchObject({
      verificationResult: "PASSED",
      resourceUri: "tidelock:service/shop/environment/dev",
      verifiedLevels: ["SLSA_BUILD_LEVEL_UNEVALUATED"],
    });
    expect(made.inputAttestations).toHaveLength(2);
  });

  it("is summed up as FAILED once it is rolled back for cause", async () => {
    const { controlPlane } = bench.worker();
    await controlPlane.applyDocuments(operator, "tidelock.yaml", checked);
    await promote(controlPlane, makeRelease(bench, "1.0.0"));
    const worse = makeRelease(bench, "1.1.0");
    await promote(controlPlane, worse);
    const back = await controlPlane.rollback(operator, dev, { reason: "prices are wrong" });
    await ended(controlPlane, back.id);
    const found = await statements(releaseId(worse));
    const summaries = found.flatMap(({ statement }) =>
      statement.predicateType === summary.type ? [summary.schema.parse(statement.predicate)] : [],
    );
    expect(summaries.map((one) => one.verificationResult)).toEqual(["PASSED", "FAILED"]);
    expect(summaries.at(-1)?.verifiedLevels).toEqual(["FAILED"]);
    const last = found.at(-1);
    expect((await named()).has(last?.digest ?? "")).toBe(true);
  });
});

describe("a gate", () => {
  it("takes a check run whose row was edited for missing", async () => {
    const { controlPlane, notices } = bench.worker();
    bench.staged.verdicts = ["warn"];
    const lenient = "      checks: [{ name: smoke, uses: staged, allowWarn: true }]";
    await controlPlane.applyDocuments(operator, "tidelock.yaml", documents({ dev: lenient }));
    const release = makeRelease(bench, "1.0.0");
    await controlPlane.createRelease(operator, release);
    const accepted = await controlPlane.promote(operator, { ...dev, release: "1.0.0" });
    // As soon as the report stands, somebody with the database makes a pass of it.
    await sql`
      create function embellish() returns trigger language plpgsql as $$
      begin
        update check_runs set report = jsonb_set(report, '{verdict}', '"pass"')
        where report is not null;
        return null;
      end $$;
    `.execute(bench.database.db);
    await sql`
      create trigger embellish after insert on attestations
      for each statement execute function embellish();
    `.execute(bench.database.db);
    const end = await ended(controlPlane, accepted.id);
    expect(end).toMatchObject({ state: "failed" });
    expect(end.message).toContain("check smoke: no verdict for this");
    expect(notices.join()).toContain("its row says something else than was signed");
  });
});

describe("admission", () => {
  it("refuses a release about which the owners' demands are not stated, and takes it once they are", async () => {
    const { controlPlane } = bench.worker();
    const requires = documents().replace(
      "  tier: development\n",
      "  tier: development\n  requires: { sbom: {} }\n",
    );
    await controlPlane.applyDocuments(operator, "tidelock.yaml", requires);
    const release = makeRelease(bench, "1.0.0");
    const refused = await promote(controlPlane, release);
    expect(refused).toMatchObject({ state: "failed" });
    expect(refused.message).toContain("an SBOM: none is there");
    const sbom = Buffer.from(
      JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.6", components: [{ name: "x" }] }),
    );
    const handedIn = {
      release: releaseId(release),
      digest: digestBytes(sbom),
      format: "cyclonedx",
      origin: "given",
      size: sbom.length,
      content: sbom,
      added_by: "operator",
    } as const;
    const { db } = bench.database;
    // Put there by somebody with the database, and in no entry of the ledger: it opens nothing.
    await db.insertInto("attestations").values(handedIn).execute();
    const smuggled = await controlPlane.promote(operator, { ...dev, release: "1.0.0" });
    expect((await ended(controlPlane, smuggled.id)).message).toContain("behind the ledger");
    await db.deleteFrom("attestations").where("digest", "=", handedIn.digest).execute();
    await db.transaction().execute((tx) => keepAttestation(tx, handedIn));
    const again = await controlPlane.promote(operator, { ...dev, release: "1.0.0" });
    expect(await ended(controlPlane, again.id)).toMatchObject({ state: "complete" });
  });
});
