import { randomBytes } from "node:crypto";
import type { Configuration } from "../../model/configuration.ts";
import { asTidelockError, TidelockError } from "../../model/errors.ts";
import type { Environment } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import { type Lane, laneKey, type Slot } from "../../model/primitives.ts";
import { type Release, releaseName } from "../../model/release.ts";
import type {
  ComparedKey,
  EnvironmentComparison,
  EnvironmentSide,
  RunningProgram,
} from "../../ports/environment-comparison.ts";
import {
  configurationByDigest,
  documentByDigest,
  readRelease,
  registeredEnvironment,
  registeredPipeline,
} from "../../store/queries/catalogue.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import { knownPlan } from "../attestations/attest-promotion.ts";
import type { CheckSite } from "./check-runner.ts";
import { credentialKeys } from "./credential-search.ts";
import type { Engine } from "../engine.ts";
import { macOf } from "../slots/manifest.ts";
import { laneDocuments } from "../promotions/plan-inputs.ts";
import { routeSpec, sendsSomeTo, weightsTo } from "../slots/route-spec.ts";
import { configurationOf } from "../slots/slot-spec.ts";

/**
 * Holds what is under test in `slot` against what users of the same service meet in another environment, by the
 * records of both promotions and by what the host agent sees. No secret is read: of secrets the names are compared.
 * Other values are compared here, by HMACs under a key made for this once; what goes out says only whether they are
 * the same.
 *
 * @param wanted null takes the service's environment called `production`, else the only one of that tier
 * @throws TidelockError `invalid-input` for the environment under test itself, `not-found` for one that is not
 * registered or that the service's pipeline does not name
 */
export async function compareEnvironments(
  site: CheckSite,
  slot: Slot,
  wanted: string | null,
): Promise<EnvironmentComparison> {
  const { engine, plan, release, environment } = site;
  const configuration = await configurationOf(engine, plan, plan.configuration);
  const here = {
    ...sideOf(plan, environment, release, configuration),
    programs: await programsOn(engine, slot),
    origin: null,
  };
  const name = wanted ?? (await productionOf(engine, plan.lane));
  if (name === null) {
    const nothing = `the pipeline of ${slot.service} names no other environment that is production`;
    return { environment: null, here, there: null, nothing, keys: [] };
  }
  const lane = await knownLane(engine, plan.lane, name);
  const other = await liveThere(engine, lane);
  if (other === null) {
    const nothing = `nothing of ${slot.service} is live in ${name}`;
    return { environment: name, here, there: null, nothing, keys: [] };
  }
  const there = await sideOfLive(engine, other);
  const keys = compareKeys(configuration, other.configuration);
  return { environment: name, here, there, nothing: null, keys };
}

async function knownLane(engine: Engine, { service, environment }: Lane, name: string) {
  if (name === environment) {
    throw new TidelockError("invalid-input", `${name} would be compared with itself`, {
      fault: "operator",
      where: "with.environment",
      hint: "name another environment of the service there",
    });
  }
  const lane = { service, environment: name };
  await laneDocuments(engine.db, lane);
  return lane;
}

/** The one to take when nobody names one; never the one under test. */
async function productionOf(
  engine: Engine,
  { service, environment }: Lane,
): Promise<string | null> {
  const pipeline = await registeredPipeline(engine.db, service);
  const names = (pipeline?.document.spec.environments ?? [])
    .map(({ name }) => name)
    .filter((name) => name !== environment);
  const known = await Promise.all(names.map((name) => registeredEnvironment(engine.db, name)));
  const productive = known
    .filter((one) => one?.document.spec.tier === "production")
    .flatMap((one) => one?.document.metadata.name ?? []);
  if (productive.includes("production")) return "production";
  return productive.length === 1 ? (productive[0] ?? null) : null;
}

interface LiveThere {
  readonly slot: Slot;
  readonly plan: Plan;
  readonly environment: Environment;
  readonly release: Release;
  readonly configuration: Configuration;
}

/** What users of a lane meet by its records; null when that is nothing. */
async function liveThere(engine: Engine, lane: Lane): Promise<LiveThere | null> {
  const row = await readLane(engine.db, lane);
  if (!row?.live_release || !row.live_colour || !row.live_promotion || !row.live_configuration) {
    return null;
  }
  const promotion = await readPromotion(engine.db, row.live_promotion);
  const plan = promotion ? knownPlan(promotion) : null;
  const [release, configuration, environment] = await Promise.all([
    readRelease(engine.db, row.live_release),
    configurationByDigest(engine.db, lane, row.live_configuration),
    plan && documentByDigest<Environment>(engine.db, "Environment", plan.environment),
  ]);
  if (!plan || !release || !configuration || !environment) {
    throw new TidelockError(
      "unsupported",
      `this program cannot read what brought ${row.live_release} to ${laneKey(lane)}`,
      { where: row.live_promotion, hint: `promote a release to ${lane.environment} once more` },
    );
  }
  return {
    slot: { ...lane, colour: row.live_colour },
    plan,
    environment,
    release: release.content,
    configuration: configuration.content,
  };
}

async function sideOfLive(engine: Engine, live: LiveThere): Promise<EnvironmentSide> {
  const { slot, plan, environment, release, configuration } = live;
  const side = sideOf(plan, environment, release, configuration);
  return {
    ...side,
    programs: await programsOn(engine, slot),
    origin: side.router && (await originOf(engine, live)),
  };
}

/** Where its users are answered by what is live; null while the router sends nobody there. */
async function originOf(
  engine: Engine,
  { slot, plan, environment }: LiveThere,
): Promise<string | null> {
  const { router } = environment.spec;
  if (router.type === "none" || router.listen[slot.service] === undefined) return null;
  const seen = await engine.routerFor(router).read(laneKey(slot));
  if (!sendsSomeTo(seen, slot.colour)) return null;
  const { tls, listen } = routeSpec(plan, environment, weightsTo(null));
  return `${tls ? "https" : "http"}://${listen}`;
}

function sideOf(
  plan: Plan,
  { spec }: Environment,
  release: Release,
  { delivery }: Configuration,
): Omit<EnvironmentSide, "programs" | "origin"> {
  const { router, target } = spec;
  return {
    release: plan.release,
    releaseName: releaseName(release),
    pipeline: plan.pipeline,
    processes: plan.processes,
    parts: release.artifacts.map(({ name, mediaType }) => ({ name, mediaType })),
    tools: release.build.kind === "declared" ? release.build.tools : {},
    facts: {
      target: target.type,
      strategy: plan.strategy,
      delivery,
      isolation: plan.minimumIsolation,
    },
    router:
      router.type === "none"
        ? null
        : {
            tls: router.tls !== undefined,
            headerBytes: router.limits.headerBytes,
            bodyBytes: router.limits.bodyBytes,
            trustedProxies: router.trustedProxies,
          },
  };
}

/** Null where this system, or this agent, does not show what its processes run. */
async function programsOn(
  engine: Engine,
  { service, environment, colour }: Slot,
): Promise<readonly RunningProgram[] | null> {
  try {
    const seen = await engine.agent.call("slot.manifest", {
      slot: { service, environment, colour },
      key: randomBytes(32).toString("hex"),
    });
    if (!seen.visible || seen.deployed === null) return null;
    return seen.processes
      .filter(({ main }) => main)
      .flatMap(({ instance, program, from }) =>
        instance === null
          ? []
          : [{ process: instance.slice(0, instance.lastIndexOf("-")), program, from }],
      );
  } catch (error) {
    if (asTidelockError(error).code === "unsupported") return null;
    throw error;
  }
}

/** As users get them. Values that hold a password are kept like secrets: nothing is said of them but the name. */
function compareKeys(here: Configuration, there: Configuration): readonly ComparedKey[] {
  const key = randomBytes(32).toString("hex");
  const kinds = [here, there].map((one) => new Set(credentialKeys(one)));
  const kindOf = (one: Configuration, which: number, name: string): ComparedKey["here"] => {
    if (kinds[which]?.has(name)) return "secret";
    return Object.hasOwn(one.values, name) ? "value" : null;
  };
  const names = [here, there].flatMap((one) => [
    ...Object.keys(one.values),
    ...Object.keys(one.secrets),
  ]);
  return [...new Set(names)].sort().map((name) => {
    const own = kindOf(here, 0, name);
    const other = kindOf(there, 1, name);
    const compared = own === "value" && other === "value";
    const macs = [here, there].map(({ values }) => macOf(key, name, values[name] ?? ""));
    return { name, here: own, there: other, same: compared ? macs[0] === macs[1] : null };
  });
}
