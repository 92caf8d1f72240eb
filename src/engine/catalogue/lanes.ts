import type { DemandsView } from "../../api/routes/checks.ts";
import { applyFloor } from "../../policy/floor.ts";
import type { CatalogueOf } from "../../ports/catalogue-control.ts";
import { registeredDocuments } from "../../store/queries/catalogue.ts";
import type { Engine } from "../engine.ts";

/** What each registered environment demands of each service now: pipeline and floor together. */
export async function demandedLanes(
  { db }: Engine,
  { service, environment }: CatalogueOf,
): Promise<readonly DemandsView[]> {
  const [pipelines, environments] = await Promise.all([
    registeredDocuments(db, "Pipeline"),
    registeredDocuments(db, "Environment"),
  ]);
  const lanes: DemandsView[] = [];
  for (const { name, version, content } of pipelines) {
    if (content.kind !== "Pipeline" || (service !== undefined && service !== name)) continue;
    for (const lane of content.spec.environments) {
      if (environment !== undefined && environment !== lane.name) continue;
      const owners = environments.find((one) => one.name === lane.name)?.content;
      // A pipeline may name an environment that nobody has registered yet.
      if (owners?.kind !== "Environment") continue;
      const { floor } = owners.spec;
      lanes.push({
        service: name,
        environment: lane.name,
        pipeline: version,
        floor: floor.checks.map((check) => check.name),
        checks: [...applyFloor(lane, floor).checks],
      });
    }
  }
  return lanes;
}
