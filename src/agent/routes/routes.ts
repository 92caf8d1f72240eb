import type { KeyObject } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../../model/errors.ts";
import { type Colour, type Fence, type Slot, otherColour } from "../../model/primitives.ts";
import type { LaneTraffic } from "../../model/traffic.ts";
import type { Result, RouteObservation, RouteSpec } from "../../ports/host-agent.ts";
import { parseLane, requireSameLane } from "../lanes.ts";
import { type Parts, report } from "../parts.ts";
import type { RouterAnswer, RouterLane } from "../router-control.ts";
import { mintScan } from "../router/scans.ts";
import { mint } from "../router/tester.ts";
import type { Slots } from "../slots/slots.ts";
import { laneIn } from "../state/store.ts";
import { countedScan, countedTraffic } from "./counts.ts";
import { listenProblem, portInUse } from "./listen-problem.ts";
import { RouterSupervisor, routerOwner } from "./router-supervisor.ts";

interface Effect {
  readonly fence: Fence;
  readonly operation: string;
}

/** A router that has just been started may need a moment for a port that its predecessor had. Milliseconds. */
const effectTimeout = 3_000;

/**
 * Traffic. A route is wanted (on disk), told (the router loads it) and seen (read back) before it is
 * answered; one that cannot be had is taken back, and what was in effect before stays in effect.
 */
export class Routes {
  readonly #parts: Parts;
  readonly #slots: Slots;
  readonly #keys: { readonly signing: KeyObject; readonly publicKey: string };
  readonly #routers = new Map<string, RouterSupervisor>();

  constructor(
    parts: Parts,
    slots: Slots,
    keys: { readonly signing: KeyObject; readonly publicKey: string },
  ) {
    this.#parts = parts;
    this.#slots = slots;
    this.#keys = keys;
    parts.drains.connect(async ({ service, environment, colour }) => {
      const { effective } = await this.read(`${service}/${environment}`);
      return effective?.colours[colour].inFlight ?? 0;
    });
  }

  /** Adopts the routers that run and starts those that should. Returns when traffic is as it was. */
  async restore(): Promise<void> {
    const environments = new Set([
      ...Object.keys(this.#parts.store.current.routers),
      ...Object.entries(this.#parts.store.current.lanes)
        .filter(([, lane]) => lane.route !== null)
        .map(([key]) => parseLane(key).environment),
    ]);
    await Promise.all(
      [...environments].map(async (environment) => {
        const router = await this.#router(environment);
        await router
          .apply()
          .catch((error: unknown) => report(`router ${environment}: ${String(error)}`));
      }),
    );
  }

  async set(effect: Effect, route: RouteSpec): Promise<RouteObservation> {
    requireSameLane(effect.fence, route.lane);
    const { environment, service } = parseLane(route.lane);
    refuseOddWeights(route);
    let seen: RouteObservation | null = null;
    await this.#parts.lanes.effect(effect, route, async (mark) => {
      this.#refuseSharedAddress(route);
      const before = this.#parts.store.lane(route.lane).route;
      const recorded = this.#parts.journal.append({
        kind: "route",
        lane: route.lane,
        operation: effect.operation,
        detail: { listen: route.listen, weights: route.weights, before: before?.weights ?? null },
      });
      const wanted = this.#parts.store.update((draft) => {
        laneIn(draft, route.lane).route = route;
        mark(draft);
      });
      // Both are on disk before anything moves; users wait for this, so they are written side by side.
      await this.#bothOrNeither(route.lane, before, recorded, wanted);
      for (const colour of ["blue", "green"] as const) {
        if (route.weights[colour] > 0) {
          await this.#parts.heal({ service, environment, colour });
          await this.#slots.runner({ service, environment, colour }).revive();
        }
      }
      try {
        seen = await this.#bring(route);
      } catch (error) {
        await this.#takeBack(route.lane, before);
        throw error;
      }
      this.#noteDrains(before, route);
    });
    return seen ?? (await this.read(route.lane));
  }

  /** What the router says; `route` is what it was told. Without an answering router `effective` is null. */
  async read(lane: string): Promise<RouteObservation> {
    const { environment } = parseLane(lane);
    const { route } = this.#parts.store.lane(lane);
    if (route === null) return { lane, route: null, effective: null };
    const answer = await this.#routers
      .get(environment)
      ?.read()
      .catch(() => null);
    return { lane, route, effective: laneOf(answer ?? null, lane)?.effective ?? null };
  }

  traffic(lane: string): Promise<LaneTraffic> {
    return countedTraffic(this.#routers.get(parseLane(lane).environment), lane);
  }

  async remove(effect: Effect, lane: string): Promise<void> {
    requireSameLane(effect.fence, lane);
    await this.#parts.lanes.effect(effect, { remove: lane }, () =>
      this.removeNow(lane, effect.operation),
    );
  }

  /** Inside the lane's queue only. */
  async removeNow(lane: string, operation: string): Promise<void> {
    if (this.#parts.store.lane(lane).route === null) return;
    await this.#parts.journal.append({ kind: "route-remove", lane, operation, detail: {} });
    await this.#want(lane, null);
    await (await this.#router(parseLane(lane).environment)).apply();
  }

  /**
   * Gives all traffic of a lane to one colour, by the authority that `operation` armed. That it was done
   * is recorded together with the doing, so that it is in the journal whenever either can be written.
   * Inside the lane's queue only.
   */
  async giveTo(lane: string, colour: Colour, operation: string, reason: string): Promise<void> {
    const { route } = this.#parts.store.lane(lane);
    if (route === null) return;
    const weights = { blue: 0, green: 0, [colour]: 100 };
    const returned: RouteSpec = { ...route, weights };
    await this.#parts.heal({ ...parseLane(lane), colour });
    await this.#parts.store.update((draft) => {
      const record = laneIn(draft, lane);
      record.route = returned;
      record.armed = null;
      record.returned = {
        operation,
        detail: { from: otherColour(colour), to: colour, reason, before: route.weights, weights },
      };
    });
    this.#noteDrains(route, returned);
    try {
      await this.#bring(returned);
    } catch (error) {
      // It is wanted, so it is brought about as soon as the router can be had again.
      this.refresh(parseLane(lane).environment);
      throw error;
    }
  }

  tester(lane: string, ttlMs: number): { header: string; value: string; expiresAt: string } {
    this.#requireRoute(lane);
    return mint(this.#keys.signing, lane, ttlMs);
  }

  /** A mark for the requests of one scan, see the router's scans.ts. */
  beginScan(lane: string, ttlMs: number): { header: string; value: string; scan: string } {
    this.#requireRoute(lane);
    return mintScan(this.#keys.signing, lane, ttlMs);
  }

  readScan(lane: string, scan: string): Promise<Result<"scan.read">> {
    return countedScan(this.#routers.get(parseLane(lane).environment), lane, scan);
  }

  #requireRoute(lane: string): void {
    parseLane(lane);
    if (this.#parts.store.lane(lane).route !== null) return;
    throw new TidelockError("not-found", `${lane} has no route here`, {
      where: lane,
      hint: "set the route first",
    });
  }

  /** Instances came or went: the router of this environment gets the backends that are ready now. */
  refresh(environment: string): void {
    this.#routers.get(environment)?.refresh();
  }

  /** Whoever is told that a colour is ready may send it requests through the router at once. */
  async settled(environment: string): Promise<void> {
    await this.#routers.get(environment)?.settled();
  }

  #noteDrains(before: RouteSpec | null, { lane, weights, drainMs }: RouteSpec): void {
    const where = parseLane(lane);
    for (const colour of ["blue", "green"] as const) {
      const had = before?.weights[colour] ?? 0;
      this.#parts.drains.weighted({ ...where, colour }, had, weights[colour], drainMs);
    }
  }

  async stopAll(): Promise<void> {
    this.#parts.drains.clear();
    await Promise.all([...this.#routers.values()].map((router) => router.stop()));
    await this.#parts.store.update((draft) => {
      for (const lane of Object.values(draft.lanes)) {
        lane.route = null;
        lane.armed = null;
      }
      draft.routers = {};
    });
    await this.#parts.users.release(routerOwner);
  }

  close(): void {
    for (const router of this.#routers.values()) router.close();
  }

  async #router(environment: string): Promise<RouterSupervisor> {
    const known = this.#routers.get(environment);
    if (known !== undefined) return known;
    const router = new RouterSupervisor(this.#parts, environment, this.#keys.publicKey, () =>
      this.#lanesOf(environment),
    );
    this.#routers.set(environment, router);
    await router.restore();
    return router;
  }

  #lanesOf(environment: string): RouterLane[] {
    return Object.entries(this.#parts.store.current.lanes).flatMap(([key, { route }]) => {
      const lane = parseLane(key);
      if (route === null || lane.environment !== environment) return [];
      const colour = (name: Colour): RouterLane["colours"]["blue"] =>
        this.#colour({ ...lane, colour: name });
      return [{ route, colours: { blue: colour("blue"), green: colour("green") } }];
    });
  }

  /** A colour without a release has no backends: its requests get 503, never the other colour's answer. */
  #colour(slot: Slot): RouterLane["colours"]["blue"] {
    const runner = this.#slots.runner(slot);
    const releaseName = runner.record?.spec?.releaseName ?? null;
    return { releaseName, backends: releaseName === null ? [] : runner.backends() };
  }

  async #want(lane: string, route: RouteSpec | null): Promise<void> {
    await this.#parts.store.update((draft) => {
      laneIn(draft, lane).route = route;
    });
  }

  /** Applies, then asks the router again what it does: its own answer is what counts (law 7). */
  async #bring(route: RouteSpec): Promise<RouteObservation> {
    const router = await this.#router(parseLane(route.lane).environment);
    try {
      await router.apply();
    } catch (error) {
      if (error instanceof TidelockError && error.code === "port-in-use") {
        throw portInUse(route.listen);
      }
      throw error;
    }
    const deadline = performance.now() + effectTimeout;
    for (;;) {
      const { effective } = laneOf(await router.read(), route.lane) ?? { effective: null };
      if (effective !== null && sameWeights(effective.weights, route.weights)) {
        return { lane: route.lane, route, effective };
      }
      if (performance.now() > deadline) throw await notInEffect(route, effective !== null);
      await sleep(20);
    }
  }

  async #bothOrNeither(
    lane: string,
    before: RouteSpec | null,
    recorded: Promise<void>,
    wanted: Promise<void>,
  ): Promise<void> {
    const [record, want] = await Promise.allSettled([recorded, wanted]);
    if (want.status === "rejected") throw want.reason;
    if (record.status === "fulfilled") return;
    await this.#want(lane, before);
    throw record.reason;
  }

  async #takeBack(lane: string, before: RouteSpec | null): Promise<void> {
    await this.#want(lane, before);
    const router = await this.#router(parseLane(lane).environment);
    await router.apply().catch((error: unknown) => {
      report(`${lane}: could not take the route back: ${String(error)}`);
      router.refresh();
    });
    await this.#parts.journal.note({ kind: "route-refused", lane, detail: {} });
  }

  #refuseSharedAddress(route: RouteSpec): void {
    for (const [lane, record] of Object.entries(this.#parts.store.current.lanes)) {
      if (lane === route.lane || record.route?.listen !== route.listen) continue;
      throw new TidelockError("port-in-use", `${route.listen} already serves ${lane}`, {
        where: route.listen,
        fault: "operator",
        hint: "give each service of each environment an address of its own",
      });
    }
  }
}

function laneOf(answer: RouterAnswer | null, lane: string): RouteObservation | null {
  return answer?.lanes.find((one) => one.lane === lane) ?? null;
}

function sameWeights(a: RouteSpec["weights"], b: RouteSpec["weights"]): boolean {
  return a.blue === b.blue && a.green === b.green;
}

function refuseOddWeights({ weights }: RouteSpec): void {
  const sum = weights.blue + weights.green;
  if (sum === 100 || sum === 0) return;
  throw new TidelockError("invalid-input", `weights add up to ${sum}, not to 100 or 0`, {
    where: "route.weights",
    fault: "bug",
  });
}

async function notInEffect(route: RouteSpec, listens: boolean): Promise<TidelockError> {
  const problem = listens ? null : await listenProblem(route.listen);
  return (
    problem ??
    new TidelockError("failed", `the router of ${route.lane} does not do what it was told`, {
      where: route.lane,
      retryable: true,
      hint: "its log, logs/router-<environment>.log, says why",
    })
  );
}
