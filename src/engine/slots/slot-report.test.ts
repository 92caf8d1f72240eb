import { sql } from "kysely";
import { afterEach, beforeEach, expect, it } from "vitest";
import { documents, ended, EngineBench, makeRelease, operator } from "../../../test/support/engine-bench.ts"; // prettier-ignore
import { Configuration } from "../../model/configuration.ts";

let bench: EngineBench;
beforeEach(async () => {
  bench = await EngineBench.create();
});
afterEach(() => bench.close());

const dev = { service: "shop", environment: "dev" };

it("shows the end of a log without the secrets that the service wrote into it, in every record", async () => {
  const { controlPlane } = bench.worker();
  await controlPlane.applyDocuments(operator, "tidelock.yaml", documents());
  // What the fake service writes when it crashes is "cannot find module".
  bench.secrets.set("password", "find module");
  await controlPlane.applyConfiguration(
    operator,
    Configuration.parse({
      kind: "Configuration",
      formatVersion: 1,
      ...dev,
      secrets: { PASSWORD: { name: "password" } },
    }),
  );
  await controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
  bench.host.behaviours.set("shop@1.0.0", "crashes");
  const accepted = await controlPlane.promote(operator, { ...dev, release: "1.0.0" });
  const failed = await ended(controlPlane, accepted.id);
  expect(failed.state).toBe("failed");
  expect(failed.message).toContain("its log ends:\n  cannot [redacted]");
  const { rows } = await sql<{ found: number }>`
    select (
      (select count(*) from ledger_entries where payload::text like '%find module%')
      + (select count(*) from events where message like '%find module%')
      + (select count(*) from promotions p where to_jsonb(p)::text like '%find module%')
      + (select count(*) from promotion_steps s where to_jsonb(s)::text like '%find module%')
      + (select count(*) from check_runs c where to_jsonb(c)::text like '%find module%')
    )::integer as found
  `.execute(bench.database.db);
  expect(rows[0]?.found).toBe(0);
});
