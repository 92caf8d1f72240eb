import type { CatalogueTest, CatalogueTool } from "../../api/routes/catalogue.ts";
import type { CatalogueControl, CatalogueOf } from "../../ports/catalogue-control.ts";
import { lastRuns, seenTools } from "../../store/queries/run-history.ts";
import type { Engine } from "../engine.ts";
import { demandedLanes } from "./lanes.ts";
import { manualCatalogue } from "./manual.ts";
import { doesText, touchOf, whenText } from "./words.ts";

export function makeCatalogueControl(engine: Engine): CatalogueControl {
  return {
    tests: (of) => testCatalogue(engine, of),
    tools: (of) => toolCatalogue(engine, of),
    manual: (of) => manualCatalogue(engine, of),
  };
}

async function testCatalogue(engine: Engine, of: CatalogueOf): Promise<readonly CatalogueTest[]> {
  const items: CatalogueTest[] = [];
  for (const { service, environment, floor, checks } of await demandedLanes(engine, of)) {
    const runs = await lastRuns(engine.db, { service, environment });
    for (const demand of checks) {
      const check = engine.checks.get(demand.uses);
      const last = runs.find(({ name }) => name === demand.name);
      const { name } = demand;
      items.push({
        service,
        environment,
        check: name,
        uses: demand.uses,
        does: doesText(check, touchOf(check, demand)),
        phase: demand.phase,
        when: whenText(demand),
        from: floor.includes(name) ? "floor" : "pipeline",
        last: last
          ? {
              run: last.id,
              promotion: last.promotion,
              release: last.version,
              verdict: last.verdict,
              summary: last.summary,
              at: last.ended_at.toISOString(),
              report: last.raw ? `/api/v1/promotions/${last.promotion}/checks/${name}/raw` : null,
              page: `/promotions/${last.promotion}`,
            }
          : null,
        runs: last?.runs ?? 0,
        passed: last?.passed ?? 0,
        lastPass: last?.last_pass?.toISOString() ?? null,
      });
    }
  }
  return items;
}

/** Adapters that somebody demands; programs and versions are those that really ran. */
async function toolCatalogue(engine: Engine, of: CatalogueOf): Promise<readonly CatalogueTool[]> {
  const tools = new Map<string, CatalogueTool>();
  for (const { service, environment, checks } of await demandedLanes(engine, of)) {
    const lane = { service, environment };
    const [runs, seen] = await Promise.all([lastRuns(engine.db, lane), seenTools(engine.db, lane)]);
    for (const demand of checks) {
      const check = engine.checks.get(demand.uses);
      const touch = touchOf(check, demand);
      const tool = tools.get(demand.uses) ?? {
        tool: demand.uses,
        does: doesText(check, touch),
        touch: touch ?? "unknown",
        scans: [...(check?.scans ?? [])],
        cost: check?.cost ?? "unknown",
        places: [],
      };
      tools.set(demand.uses, tool);
      tool.places.push({
        ...lane,
        check: demand.name,
        configuration: demand.with,
        programs: seen
          .filter(({ name, uses }) => name === demand.name && uses === demand.uses)
          .map(({ tool: program, version, first_at, last_at, runs: count }) => ({
            program,
            version,
            firstSeen: first_at.toISOString(),
            lastSeen: last_at.toISOString(),
            runs: count,
          })),
        data: runs.find(({ name }) => name === demand.name)?.data ?? {},
      });
    }
  }
  return [...tools.values()].sort((a, b) => (a.tool < b.tool ? -1 : 1));
}
