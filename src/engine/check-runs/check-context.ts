import { createReadStream } from "node:fs";
import { TidelockError } from "../../model/errors.ts";
import { layout } from "../../model/layout.ts";
import type { CheckDemand } from "../../model/pipeline.ts";
import { type Colour, type Digest, laneKey, type Slot } from "../../model/primitives.ts";
import { releaseName } from "../../model/release.ts";
import type { CheckContext, LiveRelease, UserTrafficView } from "../../ports/check.ts";
import type { Router } from "../../ports/router.ts";
import type { RuntimeSignal } from "../../model/signal.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { signalsSince } from "../../store/queries/signals.ts";
import { findServers } from "../../store/server-record.ts";
import { routedProcess } from "../../strategies/demands.ts";
import { searchCredentials } from "./credential-search.ts";
import { readCheckSecret } from "./check-secrets.ts";
import type { CheckSite } from "./check-runner.ts";
import { engagementsOnRecord } from "../engagements/on-record.ts";
import type { Engine } from "../engine.ts";
import { compareEnvironments } from "./compare-environments.ts";
import { compareManifest } from "../slots/manifest.ts";
import { routeSpec, sendsSomeTo, weightsTo } from "../slots/route-spec.ts";
import type { ScanMark } from "./scan-marks.ts";
import { openFindings } from "../findings/open-findings.ts";
import { configurationOf } from "../slots/slot-spec.ts";
import type { StepContext } from "../steps/step.ts";

/** What a check tests: a colour and the generation of instances on it. */
export interface Subject {
  readonly colour: Colour;
  readonly generation: string;
}

/** A report of the promotion's own scans that is not taken in by then has something wrong with it. */
const mostPatienceMs = 5 * 60_000;

/** Everything that a check may know about what it tests. */
export async function checkContext(
  context: CheckSite,
  demand: CheckDemand,
  id: string,
  subject: Subject | null,
  signal: AbortSignal,
  mark: ScanMark | null,
): Promise<CheckContext> {
  const { engine, plan, release, router, environment, lease } = context;
  const slot = subject && { ...plan.lane, colour: subject.colour };
  const route = slot && router ? routeSpec(plan, environment, weightsTo(null)) : null;
  const idle = slot !== null && demand.phase === "deployed";
  const tree = release.artifacts[0]?.digest ?? plan.release;
  return {
    run: id,
    fence: lease.fence,
    slot,
    release: plan.release,
    releaseName: releaseName(release),
    tree,
    instances: slot ? await addressesOf(context, slot.colour) : [],
    route: route && `${route.tls ? "https" : "http"}://${route.listen}`,
    tester: route && idle && router ? await router.tester(route.lane, testerTtl(demand)) : null,
    scan: mark && { header: mark.header, value: mark.value },
    agent: engine.agent,
    searchCredentials: async () => {
      const configuration = await configurationOf(engine, plan, plan.configuration);
      if (slot) return searchCredentials(engine, slot, configuration);
      throw new TidelockError("unsupported", "nothing is deployed that could hold credentials", {
        where: "phase",
        fault: "operator",
        hint: "use `phase: deployed`",
      });
    },
    readSecret: async (key) => {
      const configuration = await configurationOf(engine, plan, plan.configuration);
      return readCheckSecret(engine, { lane: plan.lane, configuration, demand, run: id }, key);
    },
    manifest: () => {
      if (slot) return compareManifest(context, slot, demand.phase);
      throw new TidelockError("unsupported", "nothing is deployed that could be compared", {
        where: "phase",
        fault: "operator",
        hint: "use `phase: deployed` or `live`",
      });
    },
    comparedWith: (other) => {
      if (slot) return compareEnvironments(context, slot, other);
      throw new TidelockError("unsupported", "nothing is deployed that could be compared", {
        where: "phase",
        fault: "operator",
        hint: "use `phase: deployed` or `live`",
      });
    },
    readTree: () => storedTree(engine, tree),
    live: await liveRelease(context, slot !== null),
    checkData: checkData(engine),
    engagements: (kind) => engagementsOnRecord(engine, plan.lane, kind),
    openFindings: (see) => {
      const asked = {
        lane: plan.lane,
        release: plan.release,
        live: context.lane.live_release,
        promotion: context.promotion.id,
        patienceMs: Math.min(demand.timeout / 3, mostPatienceMs),
        signal,
      };
      return openFindings(engine, asked, see);
    },
    runtimeSignals: (sources) => runtimeSignals(context, sources),
    userTraffic: async () => (slot && router ? readUserTraffic(router, slot) : null),
    // Asked anew each time: after a crash a check goes on before its server listens again.
    ownPorts: () => ownPorts(engine),
    timeoutMs: demand.timeout,
    signal,
  };
}

async function runtimeSignals(
  { engine, plan, promotion }: CheckSite,
  sources: readonly string[],
): Promise<RuntimeSignal[]> {
  const since = promotion.started_at ?? promotion.created_at;
  const asked = { release: plan.release, since, sources, limit: 1_000 };
  const rows = await signalsSince(engine.db, plan.lane, asked);
  return rows.map(({ source, signal, kind, severity, message, at }) => {
    return { source, id: signal, kind, severity, message, at: at.toISOString() };
  });
}

async function readUserTraffic(router: Router, slot: Slot): Promise<UserTrafficView | null> {
  const { colours } = await router.traffic(laneKey(slot));
  const other = slot.colour === "blue" ? "green" : "blue";
  return colours && { tested: colours[slot.colour], other: colours[other] };
}

/** Beside everything else on this machine; agent and server share the data directory. */
function checkData(engine: Engine): string | null {
  const info = engine.agentInfo();
  return info === null ? null : layout(info.dataDir).checkData;
}

/** Of the servers of this data directory. Agent, router and embedded database are asked through Unix sockets only. */
export function ownPorts(engine: Engine): readonly number[] {
  const info = engine.agentInfo();
  if (info === null) return [];
  return findServers(info.dataDir).map(({ url }) => portOf(new URL(url)));
}

function portOf({ port, protocol }: URL): number {
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

/** What users meet here now; null where nothing is live. */
async function liveRelease(
  { engine, lane, router }: CheckSite,
  deployed: boolean,
): Promise<LiveRelease | null> {
  const row = lane.live_release && (await readRelease(engine.db, lane.live_release));
  const tree = row ? row.content.artifacts[0]?.digest : undefined;
  const colour = lane.live_colour;
  if (!row || tree === undefined || colour === null) return null;
  const seen = deployed && router ? await router.read(laneKey(lane)) : null;
  return {
    colour,
    answers: seen !== null && sendsSomeTo(seen, colour),
    release: row.id,
    releaseName: releaseName(row.content),
    tree,
    readTree: () => storedTree(engine, tree),
  };
}

async function* storedTree(engine: Engine, tree: Digest): AsyncGenerator<Uint8Array> {
  yield* createReadStream(await engine.content.path(tree));
}

/** The credential outlives the check by a minute at most. */
export function testerTtl(demand: CheckDemand): number {
  return Math.min(demand.timeout + 60_000, 86_400_000);
}

/** `http://127.0.0.1:41234`, one an instance of the routed process, else of every one that listens. */
export async function addressesOf(
  context: Pick<StepContext, "target" | "plan">,
  colour: Colour,
): Promise<string[]> {
  const seen = await context.target.observe({ ...context.plan.lane, colour });
  const routed = routedProcess(context.plan.processes);
  return seen.instances
    .filter((instance) => routed === null || instance.process === routed)
    .flatMap(({ host, port }) => (port === null ? [] : [`http://${host}:${port}`]));
}
