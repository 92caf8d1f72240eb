import type { KeyObject } from "node:crypto";
import { otherColour, type Colour } from "../../model/primitives.ts";
import type { RouteObservation, RouteSpec, Weights } from "../../ports/host-agent.ts";
import type { LaneTraffic } from "../../model/traffic.ts";
import type { RouterLane } from "../router-control.ts";
import { BackendPool } from "./backend/pool.ts";
import { ColourWheel, idleColour } from "./balance.ts";
import { Crowd, type Member } from "./crowd.ts";
import { ScanCounter } from "./scans.ts";
import { UserCounter } from "./user-counter.ts";
import { compileTrustedProxies, type TrustedProxies } from "./trusted-proxies.ts";

/** Where one colour's requests go. Immutable: a request keeps the one it began with. */
export interface ColourTarget {
  readonly colour: Colour;
  readonly releaseName: string | null;
  readonly pools: readonly BackendPool[];
}

/** Everything a request needs to know about its lane, replaced whole by a load: the switch is one assignment. */
export interface LaneSnapshot {
  readonly generation: number;
  readonly route: RouteSpec;
  readonly wheel: ColourWheel;
  readonly targets: Readonly<Record<Colour, ColourTarget>>;
  readonly idle: Colour | null;
  readonly trusts: TrustedProxies;
  readonly testerKey: KeyObject;
}

/** A request, upload, response or tunnel under way: what drains. */
export interface Flight extends Member {
  readonly colour: Colour;
  readonly pool: BackendPool | null;
  /** The drain's ceiling has come: end, and say what was ended. */
  endAtCeiling(): "websocket" | "request";
  /** Called every second or so with `performance.now()`. */
  sweep(now: number): void;
}

interface ColourCounters {
  requests: number;
  failed: number;
  /** Wall-clock ms of the last dispatch that was not a tester's; 0 for never. */
  lastDispatch: number;
  readonly flights: Crowd<Flight>;
  readonly users: UserCounter;
}

/** Wall-clock Unix ms with the monotonic clock's fraction; never goes back while we run. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}

/** One lane as the router runs it: its snapshot, what is under way, and what it counts. */
export class Lane {
  readonly key: string;
  #snapshot: LaneSnapshot;
  readonly #colours: Record<Colour, ColourCounters> = { blue: counters(), green: counters() };
  #lastSwitch: { at: number; to: Colour; firstNew: number | null } | null = null;
  readonly #drains = new Set<NodeJS.Timeout>();
  readonly #ended = { websockets: 0, requests: 0 };
  readonly #scans = new ScanCounter();
  #turn = 0;
  #closed = false;

  constructor(wanted: RouterLane, generation: number, testerKey: KeyObject) {
    this.key = wanted.route.lane;
    this.#snapshot = snapshotOf(wanted, generation, testerKey, null);
    this.#countReleases();
  }

  get snapshot(): LaneSnapshot {
    return this.#snapshot;
  }

  /** Grows by one each time: round-robin's position. */
  turn(): number {
    this.#turn = (this.#turn + 1) & 0x3fff_ffff;
    return this.#turn;
  }

  /** Puts a new state into effect for every request that begins from now on, and drains what it leaves behind. */
  apply(wanted: RouterLane, generation: number, testerKey: KeyObject): void {
    const before = this.#snapshot;
    this.#snapshot = snapshotOf(wanted, generation, testerKey, before);
    const after = this.#snapshot;
    this.#countReleases();
    const rising = risingColour(before.route.weights, after.route.weights);
    if (rising) this.#lastSwitch = { at: preciseNow(), to: rising, firstNew: null };
    const left = leftBehind(before, after);
    const leaving = new Set<Flight>();
    for (const colour of ["blue", "green"] as const) {
      const unweighted = before.route.weights[colour] > 0 && after.route.weights[colour] === 0;
      this.#colours[colour].flights.each((flight) => {
        if (unweighted || (flight.pool && left.has(flight.pool))) leaving.add(flight);
      });
    }
    for (const pool of left) pool.retire();
    this.#drain(leaving, after.route.drainMs);
  }

  /** The route is gone: what is under way may end within its drain time. */
  close(): void {
    this.#closed = true;
    const leaving = new Set<Flight>();
    this.#colours.blue.flights.each((flight) => leaving.add(flight));
    this.#colours.green.flights.each((flight) => leaving.add(flight));
    for (const pool of poolsOf(this.#snapshot)) pool.retire();
    this.#drain(leaving, this.#snapshot.route.drainMs);
  }

  /** Nothing is under way any more. */
  get quiet(): boolean {
    return this.#colours.blue.flights.size + this.#colours.green.flights.size === 0;
  }

  begin(flight: Flight, tester: boolean): void {
    const counted = this.#colours[flight.colour];
    counted.flights.add(flight);
    counted.requests++;
    if (tester) return;
    const now = preciseNow();
    counted.lastDispatch = now;
    const change = this.#lastSwitch;
    if (change && change.firstNew === null && change.to === flight.colour) change.firstNew = now;
  }

  /** A request with a scan's mark goes to a colour. */
  marked(marks: string, colour: Colour, tester: boolean): void {
    this.#scans.count(marks, this.#snapshot.testerKey, this.key, { colour, tester });
  }

  end(flight: Flight, failed: boolean): void {
    const counted = this.#colours[flight.colour];
    counted.flights.remove(flight);
    if (failed) counted.failed++;
  }

  /** A user's request ended, or was refused for want of an instance. */
  met(colour: Colour, how: "answered" | "failed" | "abandoned", ms: number | null): void {
    this.#colours[colour].users.count(how, ms);
  }

  traffic(): LaneTraffic {
    const { blue, green } = this.#colours;
    return { lane: this.key, colours: { blue: blue.users.read(), green: green.users.read() } };
  }

  #countReleases(): void {
    const { targets } = this.#snapshot;
    this.#colours.blue.users.restart(targets.blue.releaseName);
    this.#colours.green.users.restart(targets.green.releaseName);
  }

  sweep(now: number): void {
    for (const colour of [this.#colours.blue, this.#colours.green]) {
      colour.flights.each((flight) => flight.sweep(now));
    }
    for (const pool of poolsOf(this.#snapshot)) pool.sweep(now);
  }

  observe(): RouteObservation {
    const { route, generation, targets } = this.#snapshot;
    const change = this.#lastSwitch;
    const old = change && this.#colours[otherColour(change.to)].lastDispatch;
    return {
      lane: this.key,
      route,
      effective: {
        weights: route.weights,
        generation,
        colours: { blue: this.#observe(targets.blue), green: this.#observe(targets.green) },
        lastSwitch: change && { at: change.at, firstNew: change.firstNew, lastOld: old || null },
        endedAtCeiling: { ...this.#ended },
        scans: this.#scans.observe(),
      },
    };
  }

  #observe(target: ColourTarget): {
    releaseName: string | null;
    backends: number;
    inFlight: number;
    requests: number;
    failed: number;
  } {
    const counted = this.#colours[target.colour];
    return {
      releaseName: target.releaseName,
      backends: target.pools.length,
      inFlight: counted.flights.size,
      requests: counted.requests,
      failed: counted.failed,
    };
  }

  /** Ends after `ms` what of `leaving` is then still under way and still has no right to stay. */
  #drain(leaving: ReadonlySet<Flight>, ms: number): void {
    if (leaving.size === 0) return;
    const timer = setTimeout(() => {
      this.#drains.delete(timer);
      for (const flight of leaving) {
        const still = this.#colours[flight.colour].flights.has(flight);
        if (!still || this.#belongs(flight)) continue;
        if (flight.endAtCeiling() === "websocket") this.#ended.websockets++;
        else this.#ended.requests++;
      }
    }, ms);
    this.#drains.add(timer);
  }

  /** Its colour came back (a return) and its backend is still part of it: it may stay. */
  #belongs(flight: Flight): boolean {
    const { route, targets } = this.#snapshot;
    if (this.#closed || route.weights[flight.colour] === 0 || flight.pool === null) return false;
    return targets[flight.colour].pools.includes(flight.pool);
  }
}

function counters(): ColourCounters {
  return {
    requests: 0,
    failed: 0,
    lastDispatch: 0,
    flights: new Crowd(),
    users: new UserCounter(),
  };
}

function snapshotOf(
  wanted: RouterLane,
  generation: number,
  testerKey: KeyObject,
  before: LaneSnapshot | null,
): LaneSnapshot {
  const targets = {
    blue: targetOf(wanted, "blue", before?.targets.blue),
    green: targetOf(wanted, "green", before?.targets.green),
  };
  return {
    generation,
    route: wanted.route,
    wheel: new ColourWheel(wanted.route.weights),
    targets,
    idle: idleColour(wanted.route.weights, (colour) => targets[colour].releaseName !== null),
    trusts: compileTrustedProxies(wanted.route.trustedProxies),
    testerKey,
  };
}

/** Backends that stay with their release keep their pool, and with it their warm connections. */
function targetOf(
  wanted: RouterLane,
  colour: Colour,
  before: ColourTarget | undefined,
): ColourTarget {
  const { releaseName, backends } = wanted.colours[colour];
  const kept = before?.releaseName === releaseName ? before.pools : [];
  const pools = backends.map(
    ({ host, port }) =>
      kept.find((pool) => pool.host === host && pool.port === port) ?? new BackendPool(host, port),
  );
  return { colour, releaseName, pools };
}

function poolsOf(snapshot: LaneSnapshot): BackendPool[] {
  return [...snapshot.targets.blue.pools, ...snapshot.targets.green.pools];
}

function leftBehind(before: LaneSnapshot, after: LaneSnapshot): Set<BackendPool> {
  const left = new Set(poolsOf(before));
  for (const pool of poolsOf(after)) left.delete(pool);
  return left;
}

function risingColour(before: Weights, after: Weights): Colour | null {
  if (before.blue === after.blue && before.green === after.green) return null;
  return after.green - before.green > after.blue - before.blue ? "green" : "blue";
}
