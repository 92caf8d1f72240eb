import type { ColourView, LaneView } from "../../api/views.ts";
import type { Environment, Pipeline } from "../../model/pipeline.ts";
import { type Colour, laneKey } from "../../model/primitives.ts";
import { asTidelockError } from "../../model/errors.ts";
import type { SlotObservation } from "../../ports/host-agent.ts";
import {
  configurationByDigest,
  readRelease,
  registeredDocuments,
} from "../../store/queries/catalogue.ts";
import { lanesOf } from "../../store/queries/lanes.ts";
import { listStops } from "../../store/queries/stops.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { lastGood } from "../../store/queries/live.ts";
import { openPromotions } from "../../store/queries/promotions.ts";
import type { StopRow } from "../../store/schema-stops.ts";
import type { LaneRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { windowAt } from "../schedule/view.ts";
import { listGlasses } from "../../store/queries/break-glass.ts";
import type { BreakGlassRow } from "../../store/schema-break-glass.ts";
import { concerns } from "../stops/in-the-way.ts";
import { versionsOf } from "./deployment-view.ts";
import { evidenceViews } from "./evidence-view.ts";
import { promotionSummaries } from "./promotion-view.ts";
import { bannedBy } from "./release-view.ts";

/** Every lane of the registered pipelines, in their order, with what is seen on its colours right now. */
export async function laneViews(engine: Engine, service?: string): Promise<readonly LaneView[]> {
  const [pipelines, environments, lanes, stops, at] = await Promise.all([
    registeredDocuments(engine.db, "Pipeline"),
    registeredDocuments(engine.db, "Environment"),
    lanesOf(engine.db, service),
    listStops(engine.db, { open: true }),
    databaseTime(engine.db),
  ]);
  const lines = stops.filter(({ kind }) => kind === "line");
  const bans = stops.filter(({ kind }) => kind === "ban");
  const looking = { engine, lines, now: new Date(at) };
  const glasses = await listGlasses(engine.db, { service, open: true, limit: 500 });
  const evidenceOf = await evidenceViews(engine, new Date(at), service);
  const environmentByName = new Map(
    environments.map((row) => [row.name, row.content as Environment]),
  );
  const wanted = pipelines
    .filter((row) => service === undefined || row.name === service)
    .flatMap((row) =>
      (row.content as Pipeline).spec.environments.map((one, order) => ({
        service: row.name,
        environment: one.name,
        order,
        pipeline: row.content as Pipeline,
      })),
    );
  return Promise.all(
    wanted.flatMap(({ order, pipeline, ...lane }) => {
      const row = lanes.find((one) => laneKey(one) === laneKey(lane));
      const environment = environmentByName.get(lane.environment);
      if (!row || !environment) return [];
      const { open, until, because } = windowAt(looking, environment, pipeline);
      const shown = laneView(engine, row, environment, order);
      return [
        shown.then(async (view) => ({
          ...view,
          live: await withBan(engine, bans, row.service, view.live),
          goes: { open, until, because },
          ...marksOf(glasses, row),
          evidence: view.live === null ? null : evidenceOf(row),
        })),
      ];
    }),
  );
}

/** Loud as long as it is open: nobody has to look for it. */
function marksOf(
  glasses: readonly BreakGlassRow[],
  lane: LaneRow,
): { readonly glasses?: LaneView["glasses"] } {
  const own = glasses.filter((one) => laneKey(one) === laneKey(lane));
  if (own.length === 0) return {};
  return {
    glasses: own.map(({ asked, basis, signatures, used_by: usedBy, review_due: due }) => ({
      id: asked.glass,
      version: asked.version,
      setAside: basis.asides.map(({ of }) => of),
      signatures: signatures.length,
      until: asked.expires,
      usedBy,
      due: due?.toISOString() ?? null,
    })),
  };
}

/** What is live may have been banned since. */
async function withBan(
  { db }: Engine,
  bans: readonly StopRow[],
  service: string,
  live: LaneView["live"],
): Promise<LaneView["live"]> {
  if (live === null || bans.length === 0) return live;
  const release = await readRelease(db, live.id);
  const ban =
    release && bans.find((one) => concerns(one, { service, environment: "" }, release.content));
  return ban ? { ...live, ...bannedBy(ban) } : live;
}

async function laneView(
  engine: Engine,
  row: LaneRow,
  environment: Environment,
  order: number,
): Promise<LaneView> {
  const { db } = engine;
  const [open, good, blue, green] = await Promise.all([
    openPromotions(db, row),
    lastGood(db, row, null),
    observe(engine, row, environment, "blue"),
    observe(engine, row, environment, "green"),
  ]);
  const running = open.find((promotion) => promotion.state === "running");
  const [current] = await promotionSummaries(db, running ? [running] : []);
  const seen = [blue, green];
  const versions = await versionsOf(db, [
    ...[row.live_release, good?.release].filter((id) => id !== null && id !== undefined),
    ...seen.flatMap(({ observation }) => observation?.deployed?.release ?? []),
  ]);
  const { router } = environment.spec;
  const listen = router.type === "embedded" ? router.listen[row.service] : undefined;
  return {
    service: row.service,
    environment: row.environment,
    tier: environment.spec.tier,
    order,
    address:
      router.type === "embedded" && listen ? `${router.tls ? "https" : "http"}://${listen}` : null,
    colours: await Promise.all(seen.map((one) => colourView(engine, row, one, versions))),
    live:
      row.live_colour && row.live_release && row.live_since
        ? {
            id: row.live_release,
            version: versions.get(row.live_release) ?? "0",
            colour: row.live_colour,
            since: row.live_since.toISOString(),
          }
        : null,
    rollbackUntil: row.old_colour ? (row.retire_at?.toISOString() ?? null) : null,
    lastGood:
      good?.verified_at === undefined || good.verified_at === null
        ? null
        : {
            id: good.release,
            version: versions.get(good.release) ?? "0",
            verifiedAt: good.verified_at.toISOString(),
          },
    current: current ?? null,
    queued: open.filter((promotion) => promotion.state === "queued").length,
  };
}

interface SeenColour {
  readonly colour: Colour;
  readonly observation: SlotObservation | null;
  readonly problem: string;
}

/** A part that is away makes a colour `unknown`, never a failed status. */
async function observe(
  engine: Engine,
  row: LaneRow,
  environment: Environment,
  colour: Colour,
): Promise<SeenColour> {
  try {
    const target = engine.targetFor(environment.spec.target);
    const slot = { service: row.service, environment: row.environment, colour };
    return { colour, observation: await target.observe(slot), problem: "" };
  } catch (error) {
    return { colour, observation: null, problem: asTidelockError(error).message };
  }
}

async function colourView(
  engine: Engine,
  row: LaneRow,
  { colour, observation, problem }: SeenColour,
  versions: ReadonlyMap<string, string>,
): Promise<ColourView> {
  const deployed = observation?.deployed ?? null;
  const configuration =
    deployed && (await configurationByDigest(engine.db, row, deployed.configuration));
  const version = deployed && versions.get(deployed.release);
  return {
    colour,
    live: row.live_colour === colour,
    release: deployed && version ? { id: deployed.release, version } : null,
    configuration: configuration?.version ?? null,
    state: observation?.state ?? "unknown",
    message: observation?.message ?? problem,
    instances: observation?.instances ?? [],
  };
}
