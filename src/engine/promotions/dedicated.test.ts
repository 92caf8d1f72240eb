import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import { digestOf } from "../../model/canonical.ts";
import type { Environment } from "../../model/pipeline.ts";
import type { Check } from "../../ports/check.ts";

let bench: EngineBench;

const dedicated = (text: string) =>
  text.replace("tier: development", "tier: development\n  dedicated: security");
const checks = (more: string) =>
  documents({ dev: `      checks: [{ name: probe, uses: ${more} }]` });

beforeEach(async () => {
  bench = await EngineBench.create();
  const probe: Check = { ...bench.staged.check, id: "probe", purpose: "security" };
  bench.extra.set("probe", probe);
});
afterEach(() => bench.close());

it("is everybody's until its owners say so, and then takes what serves security alone", async () => {
  const plane = bench.worker().controlPlane;
  await expect(
    plane.applyDocuments(operator, "t.yaml", dedicated(documents())),
  ).rejects.toMatchObject({
    problems: [
      {
        message:
          "dev is dedicated to security, and shop demands no check there: that is another job",
      },
    ],
  });
  await expect(
    plane.applyDocuments(operator, "t.yaml", dedicated(checks("staged"))),
  ).rejects.toMatchObject({
    problems: [{ message: expect.stringContaining("check probe (staged) of shop is another job") }],
  });
  await plane.applyDocuments(operator, "t.yaml", dedicated(checks("probe")));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const { id } = await plane.promote(operator, {
    service: "shop",
    release: "1.0.0",
    environment: "dev",
  });
  expect((await ended(plane, id)).state).toBe("complete");
});

it("ends a promotion that was accepted before it was dedicated, with a sentence, and starts nothing", async () => {
  const plane = bench.observer();
  await plane.applyDocuments(operator, "t.yaml", documents());
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const { id } = await plane.promote(operator, {
    service: "shop",
    release: "1.0.0",
    environment: "dev",
  });
  // As its owners' next version would say; the row alone is enough for this.
  const { db } = bench.database;
  const row = await db
    .selectFrom("documents")
    .selectAll()
    .where("name", "=", "dev")
    .executeTakeFirstOrThrow();
  const before = row.content as Environment;
  const content = { ...before, spec: { ...before.spec, dedicated: "security" } };
  const next = {
    version: row.version + 1,
    digest: digestOf(content),
    content: JSON.stringify(content),
  };
  await db
    .insertInto("documents")
    .values({ ...row, ...next })
    .execute();
  const worker = bench.worker().controlPlane;
  const done = await ended(worker, id);
  expect(done).toMatchObject({
    state: "failed",
    message: "dev is dedicated to security, and shop demands no check there: that is another job",
  });
  expect(bench.host.slots.size).toBe(0);
});
