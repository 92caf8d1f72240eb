import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

const dev = { service: "shop", environment: "dev", release: "1.0.0" };
let bench: EngineBench;
let plane: ControlPlane;

beforeEach(async () => {
  bench = await EngineBench.create();
  plane = bench.worker().controlPlane;
  const checks = "      checks: [{ name: scan, uses: staged }]";
  await plane.applyDocuments(operator, "t.yaml", documents({ dev: checks }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
});
afterEach(() => bench.close());

it("keeps a long raw report by its digest, out of the row, and the signed statement names it", async () => {
  const text = "a line that a tool wrote\u0000\n".repeat(100_000);
  bench.staged.report = { raw: { format: "text", text, truncated: false } };
  const { id } = await plane.promote(operator, dev);
  const view = await ended(plane, id);
  expect(view.state).toBe("complete");
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  expect(view.checks[0]?.report?.raw).toEqual({
    format: "text",
    digest,
    bytes: Buffer.byteLength(text),
    truncated: false,
  });
  const raw = await plane.checks.raw(id, "scan");
  expect(Buffer.from(raw.content, "base64").toString()).toBe(text);
  const { attestations } = await plane.releaseEvidence("shop", "1.0.0");
  const statements = await Promise.all(
    attestations.map(async (one) => {
      const { content } = await plane.attestationContent("shop", "1.0.0", one.digest);
      const { payload } = JSON.parse(Buffer.from(content, "base64").toString()) as {
        payload: string;
      };
      return Buffer.from(payload, "base64").toString();
    }),
  );
  const naming = statements.filter((statement) => statement.includes(digest));
  const types = naming.map((text) => (JSON.parse(text) as { predicateType: string }).predicateType);
  // The run's own statement, and the report before the switch.
  expect(types.map((type) => type.split("/").at(-2)).toSorted()).toEqual([
    "check-run",
    "conformance",
  ]);
});

it("says of a raw report that was changed in the database that it is another", async () => {
  bench.staged.report = { raw: { format: "text", text: "found nothing", truncated: false } };
  const { id } = await plane.promote(operator, dev);
  await ended(plane, id);
  await bench.database.db
    .updateTable("raw_reports")
    .set({ content: Buffer.from("found something") })
    .execute();
  await expect(plane.checks.raw(id, "scan")).rejects.toMatchObject({ code: "digest-mismatch" });
});

it("names the checks that there are", async () => {
  const { id } = await plane.promote(operator, dev);
  await ended(plane, id);
  await expect(plane.checks.raw(id, "other")).rejects.toMatchObject({
    code: "not-found",
    hint: "those that have: scan",
  });
  await expect(plane.checks.raw(id, "scan")).rejects.toMatchObject({ code: "not-found" });
});
