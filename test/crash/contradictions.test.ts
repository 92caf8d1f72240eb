import fc from "fast-check";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fillWithLive } from "../../bench/lib/gate/live-releases.ts";
import { reevaluate } from "../../src/engine/contradictions/reevaluate.ts";
import { EngineBench } from "../support/engine-bench.ts";
import { MortalWorker } from "../support/mortal-worker.ts";
import { looksForFlaws, type Published, type PublishedAdvisories } from "../support/published.ts";

/** Law 8 for deciding again: whoever dies over it, in whatever order the causes come, the result is the same. */

let bench: EngineBench;
let advisories: PublishedAdvisories;

beforeEach(async () => {
  bench = await EngineBench.create();
  advisories = looksForFlaws(bench, "advisories");
});
afterEach(() => bench.close());

const everywhere = { advisory: "GHSA-1", name: "left-pad", score: 9.8 };

async function counts() {
  const { rows } = await sql<
    Record<"contradicted" | "decided" | "entries" | "said" | "open", number>
  >`
    select (select count(*) from deployments where contradicted_at is not null)::integer as contradicted,
      (select count(*) from decisions where step > 10000)::integer as decided,
      (select count(*) from ledger_entries where kind = 'decision.made')::integer as entries,
      (select count(*) from events where kind = 'release.contradicted')::integer as said,
      (select count(*) from cause_places where decided_at is null)::integer as open
  `.execute(bench.database.db);
  return rows[0];
}

it.each(["contradictions:decided", "contradictions:batch", "advisories:held"])(
  "decides each release once when one server is killed at %s and two others go on",
  async (point) => {
    const releases = 560;
    await fillWithLive(bench.database.db, { releases, components: 3, findings: 2 });
    advisories.publish([everywhere]);
    const mortal = new MortalWorker(bench, point, "killed");
    void reevaluate(mortal.worker.engine).catch(() => undefined);
    await mortal.met;
    const before = await counts();
    expect(before?.contradicted).toBeLessThan(releases);
    expect(before?.decided).toBe(before?.contradicted);
    const others = [bench.worker().engine, bench.worker().engine];
    await Promise.all(others.map((engine) => reevaluate(engine)));
    const each = { contradicted: releases, decided: releases, entries: releases, said: releases };
    expect(await counts()).toEqual({ ...each, open: 0 });
    await mortal.close();
  },
  120_000,
);

it("comes to the same whatever editions came before, in whatever order, however often and to however many servers", async () => {
  const { db } = bench.database;
  await fillWithLive(db, { releases: 12, components: 4, findings: 2 });
  const { rows } = await sql<{ release: string; packages: string[] }>`
    select r.release, array_agg(c.name) as packages from release_components r join components c on c.id = r.component
    group by 1`.execute(db);
  const engines = [bench.worker().engine, bench.worker().engine];
  const names = [...new Set(rows.flatMap(({ packages }) => packages))].sort();
  const flaw: fc.Arbitrary<Published> = fc.record({
    advisory: fc.constantFrom("GHSA-1", "GHSA-2", "GHSA-3"),
    name: fc.constantFrom(...names),
    score: fc.constantFrom(null, 9.8, 7.1, 3),
  });
  const edition = fc.uniqueArray(flaw, { maxLength: 5, selector: ({ advisory, name }) => `${advisory} ${name}` }); // prettier-ignore
  const run = fc.record({ edition, servers: fc.constantFrom(1, 2) });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 4 }), async (runs) => {
      for (const { edition: all, servers } of runs) {
        advisories.publish(all);
        await Promise.all(engines.slice(0, servers).map((engine) => reevaluate(engine)));
      }
      // Whoever was passed over because another one held it is done by now, or at the next look.
      await reevaluate(engines[0] ?? engines[1]!);
      const last = runs.at(-1)?.edition ?? [];
      const bad = new Set(last.filter(({ score }) => (score ?? 7) >= 7).map(({ name }) => name));
      const expected = rows.filter(({ packages }) => packages.some((name) => bad.has(name)));
      const found = await sql<{ release: string }>`
        select release from deployments where contradicted_at is not null`.execute(db);
      expect(found.rows.map(({ release }) => release).sort()).toEqual(
        expected.map(({ release }) => release).sort(),
      );
    }),
    { numRuns: 8 },
  );
}, 180_000);
