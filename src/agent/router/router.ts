import { TidelockError, asTidelockError } from "../../model/errors.ts";
import type { RouteSpec } from "../../ports/host-agent.ts";
import type { RouterAnswer, RouterLane, RouterState, RouterTraffic } from "../router-control.ts";
import { AccessLog } from "./access-log.ts";
import { CertificateWatch } from "./certificate.ts";
import { Lane } from "./lane.ts";
import { LaneServer } from "./lane-server.ts";
import { Listener } from "./listener.ts";
import { settings } from "./settings.ts";
import type { InheritedPort } from "./socket-activation.ts";
import type { ValidState } from "./state-file.ts";

/** One lane that the router serves; `listener` is null while its port cannot be had. */
interface Served {
  readonly lane: Lane;
  readonly server: LaneServer;
  listener: Listener | null;
  certificate: CertificateWatch | null;
}

/** What a lane needs before a new state may take effect. */
interface Prepared {
  readonly wanted: RouterLane;
  readonly served: Served;
  readonly isNew: boolean;
  readonly certificate: CertificateWatch | null;
  /** Bound for this state; null when the one that stands is right, or could not be had at start. */
  readonly listener: Listener | null;
}

/**
 * The data plane of one environment. A new state is first prepared (ports bound, certificates read), where
 * everything that can fail fails and is undone; then it is put into effect in one go, which cannot fail.
 */
export class Router {
  readonly #log: (message: string) => void;
  readonly #access: AccessLog;
  readonly #served = new Map<string, Served>();
  readonly #inherited: Map<string, InheritedPort>;
  #state: RouterState | null = null;
  #sweeper: NodeJS.Timeout;
  readonly #closing = new Set<Promise<void>>();
  /** Lanes that were removed and still have something under way. */
  readonly #leaving = new Set<Lane>();
  /** Loads run one after the other. */
  #loading: Promise<void> = Promise.resolve();

  constructor(
    accessLog: string,
    inherited: Map<string, InheritedPort>,
    log: (message: string) => void,
  ) {
    this.#log = log;
    this.#inherited = inherited;
    this.#access = new AccessLog(accessLog);
    this.#sweeper = setInterval(() => this.#sweep(), settings.sweepMs);
  }

  /**
   * Puts `next` into effect. With `tolerant` (at start) a port that cannot be had leaves its lane without
   * listener, to be tried again every second, instead of refusing the state: the other lanes must serve.
   * @throws TidelockError, with the state in effect unchanged.
   */
  async load(next: ValidState, tolerant = false): Promise<RouterAnswer> {
    const before = this.#loading;
    const done = Promise.withResolvers<void>();
    this.#loading = done.promise;
    await before;
    try {
      return await this.#load(next, tolerant);
    } finally {
      done.resolve();
    }
  }

  async #load(next: ValidState, tolerant: boolean): Promise<RouterAnswer> {
    const { state } = next;
    const current = this.#state;
    if (current && state.generation < current.generation) {
      throw new TidelockError(
        "conflict",
        `generation ${state.generation} is older than ${current.generation}, which is in effect`,
        { where: `router of ${state.environment}` },
      );
    }
    const prepared = await this.#prepare(next, tolerant);
    for (const lane of prepared) this.#activate(lane, next);
    this.#removeOthers(state);
    this.#state = state;
    return this.read();
  }

  /** What the router really does. */
  read(): RouterAnswer {
    const lanes = [...this.#served.values()].map(({ lane, listener }) =>
      listener ? lane.observe() : { lane: lane.key, route: lane.snapshot.route, effective: null },
    );
    return { generation: this.#state?.generation ?? 0, pid: process.pid, lanes };
  }

  /** What users got, lane by lane. */
  traffic(): RouterTraffic {
    return { lanes: [...this.#served.values()].map(({ lane }) => lane.traffic()) };
  }

  /** Stops accepting, lets what is under way end within each lane's drain time, and resolves when all is closed. */
  async stop(): Promise<void> {
    clearInterval(this.#sweeper);
    for (const key of this.#served.keys()) this.#remove(key);
    await Promise.all(this.#closing);
    await this.#access.close();
  }

  async #prepare(next: ValidState, tolerant: boolean): Promise<Prepared[]> {
    const prepared: Prepared[] = [];
    try {
      for (const wanted of next.state.lanes) {
        prepared.push(await this.#prepareLane(wanted, next, tolerant));
      }
      return prepared;
    } catch (error) {
      for (const { listener } of prepared) void listener?.close(0);
      throw error;
    }
  }

  async #prepareLane(wanted: RouterLane, next: ValidState, tolerant: boolean): Promise<Prepared> {
    const { route } = wanted;
    const known = this.#served.get(route.lane);
    const served = known ?? this.#newLane(wanted, next);
    let certificate = served.certificate;
    try {
      certificate = this.#certificateFor(route.tls, served.certificate);
      const stands = known?.listener?.listen === route.listen;
      // A port that could not be had before is tried by the sweep; it must not block other lanes' loads.
      const pending =
        known !== undefined &&
        known.listener === null &&
        known.lane.snapshot.route.listen === route.listen;
      const listener =
        stands || pending ? null : await this.#bind(route, served.server, certificate);
      return { wanted, served, isNew: known === undefined, certificate, listener };
    } catch (error) {
      if (!tolerant) throw error;
      const { message, hint } = asTidelockError(error);
      this.#log(`lane ${route.lane} is not served yet: ${message}${hint ? ` (${hint})` : ""}`);
      return { wanted, served, isNew: known === undefined, certificate, listener: null };
    }
  }

  #newLane(wanted: RouterLane, next: ValidState): Served {
    const lane = new Lane(wanted, next.state.generation, next.testerKey);
    return { lane, server: new LaneServer(lane, this.#access), listener: null, certificate: null };
  }

  #certificateFor(
    paths: { certificate: string; key: string } | null,
    current: CertificateWatch | null,
  ): CertificateWatch | null {
    if (!paths) return null;
    const same =
      current?.paths.certificate === paths.certificate && current.paths.key === paths.key;
    return same ? current : new CertificateWatch(paths, this.#log);
  }

  #bind(
    route: RouteSpec,
    server: LaneServer,
    certificate: CertificateWatch | null,
  ): Promise<Listener> {
    const inherited = this.#inherited.get(route.listen);
    // Once closed it is gone: the next time this address is bound by us.
    this.#inherited.delete(route.listen);
    return Listener.bind(route, server, certificate, inherited);
  }

  #activate(prepared: Prepared, next: ValidState): void {
    const { wanted, served, isNew, certificate, listener } = prepared;
    if (isNew) this.#served.set(wanted.route.lane, served);
    else served.lane.apply(wanted, next.state.generation, next.testerKey);
    served.certificate = certificate;
    if (listener) {
      if (served.listener) this.#close(served.listener, wanted.route.drainMs);
      served.listener = listener;
    } else {
      served.listener?.use(certificate);
    }
  }

  #removeOthers(state: RouterState): void {
    const kept = new Set(state.lanes.map(({ route }) => route.lane));
    for (const key of this.#served.keys()) {
      if (!kept.has(key)) this.#remove(key);
    }
  }

  #remove(key: string): void {
    const served = this.#served.get(key);
    if (!served) return;
    this.#served.delete(key);
    const { drainMs } = served.lane.snapshot.route;
    served.lane.close();
    this.#leaving.add(served.lane);
    // The lane ends its requests and WebSockets at the ceiling; what then still stands is cut a little later.
    if (served.listener)
      this.#close(served.listener, drainMs + settings.frameEndMs + settings.closeHandshakeMs);
  }

  #close(listener: Listener, ms: number): void {
    const closing = listener.close(ms).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #sweep(): void {
    const now = performance.now();
    for (const served of this.#served.values()) {
      served.lane.sweep(now);
      served.server.sweep(now);
      served.certificate?.poll();
      if (!served.listener) void this.#retryBind(served);
    }
    for (const lane of this.#leaving) {
      if (lane.quiet) this.#leaving.delete(lane);
      else lane.sweep(now);
    }
  }

  async #retryBind(served: Served): Promise<void> {
    const { route } = served.lane.snapshot;
    try {
      const certificate = this.#certificateFor(route.tls, served.certificate);
      const listener = await this.#bind(route, served.server, certificate);
      const stillWanted = this.#served.get(route.lane) === served && !served.listener;
      if (!stillWanted || served.lane.snapshot.route.listen !== route.listen) {
        await listener.close(0);
        return;
      }
      served.certificate = certificate;
      served.listener = listener;
      this.#log(`lane ${route.lane} is served now on ${route.listen}`);
    } catch {
      // Said once already; tried again in a second.
    }
  }
}
