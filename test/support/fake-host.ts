import { createHash, generateKeyPairSync, type KeyPairKeyObjectResult, sign } from "node:crypto";
import { EventEmitter } from "node:events";
import { canonicalJson } from "../../src/model/canonical.ts";
import { TidelockError } from "../../src/model/errors.ts";
import { compareFences, type Colour, type Fence, slotKey } from "../../src/model/primitives.ts";
import type {
  AgentInfo,
  HostAgent,
  Instance,
  JournalEntry,
  MethodName,
  Params,
  Result,
  RouteObservation,
  RouteSpec,
  SlotObservation,
  SlotSpec,
} from "../../src/ports/host-agent.ts";
import type { Router } from "../../src/ports/router.ts";
import type { Target } from "../../src/ports/target.ts";

/** How a release behaves on the fake host, by its name (`shop@1.0.0`). */
export type Behaviour = "ready" | "never-ready" | "crashes" | "wrong-identity";

interface Slot {
  readonly spec: SlotSpec;
  sick: boolean;
  /** Ports at which another process answers. */
  strangers: number[];
  pid: number;
}

interface LaneState {
  fence: Fence | null;
  readonly operations: Map<string, string>;
  route: RouteSpec | null;
  armed: { to: Colour; operation: string } | null;
}

/**
 * A host agent in memory: fences, operations that are done once, slots, routes and a signed journal, as
 * the protocol says. It keeps a list of every effect that was accepted and every one that was refused, so
 * that a test can say what landed.
 */
export class FakeHost implements HostAgent {
  readonly behaviours = new Map<string, Behaviour>();
  readonly effects: { method: string; operation: string; fence: Fence }[] = [];
  readonly refused: { method: string; fence: Fence }[] = [];
  readonly lanes = new Map<string, LaneState>();
  readonly slots = new Map<string, Slot>();
  readonly journal: JournalEntry[] = [];
  /** Emits `effect` after each accepted one. */
  readonly events = new EventEmitter<{ effect: [string] }>();
  away = false;
  /** How surely it can show whose sockets those of a slot are. */
  grade: "bound" | "none" = "bound";
  /** The router stops doing what it is told. */
  routerIgnores = false;
  /** The router does not answer, as while it is being started again. */
  routerSilent = false;
  /** The agent's key: a copy of the machine has the same. */
  readonly keys: KeyPairKeyObjectResult;

  constructor(keys: KeyPairKeyObjectResult = generateKeyPairSync("ed25519")) {
    this.keys = keys;
  }

  info(): AgentInfo {
    return {
      protocol: 1,
      version: "0.0.0",
      agentId: "fake",
      pid: process.pid,
      bootId: "boot",
      publicKey: this.keys.publicKey.export({ type: "spki", format: "pem" }).toString(),
      isolation: "separate-user",
      isolationReason: null,
      outlivesServer: true,
      outlivesServerReason: null,
      dataDir: "/nowhere",
    };
  }

  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.away) {
      throw new TidelockError("unavailable", "no host agent answers", { retryable: true });
    }
    const handler = (this.#handlers as Record<string, (input: never) => unknown>)[method];
    if (!handler) throw new TidelockError("unsupported", `the fake host has no ${method}`);
    return handler(params as never) as Result<M>;
  }

  readonly #handlers = {
    hello: () => this.info(),
    "control.heartbeat": () => ({}),
    "lane.fence": ({ fence }: Params<"lane.fence">) => {
      this.#accept("lane.fence", fence);
      return {};
    },
    "artifact.ensure": () => ({ directory: "/nowhere" }),
    "lane.forget": (effect: Params<"lane.forget">) => {
      this.#effect("lane.forget", effect, () => this.lanes.delete(effect.fence.lane));
      return {};
    },
    "slot.deploy": ({ spec, ...effect }: Params<"slot.deploy">) => {
      this.#effect("slot.deploy", effect, () => {
        this.slots.set(slotKey(spec.slot), {
          spec: spec as SlotSpec,
          sick: false,
          strangers: [],
          pid: 100,
        });
      });
      return {};
    },
    "slot.destroy": ({ slot, ...effect }: Params<"slot.destroy">) => {
      this.#effect("slot.destroy", effect, () => this.slots.delete(slotKey(slot)));
      return {};
    },
    "slot.observe": ({ slot }: Params<"slot.observe">) => this.observe(slot),
    "slot.prove": ({ slot }: Params<"slot.prove">) => {
      const deployed = this.slots.get(slotKey(slot));
      if (!deployed) throw new TidelockError("not-found", "the slot is empty");
      const wrong = this.#behaviour(deployed) === "wrong-identity";
      return {
        slot,
        grade: this.grade,
        release: deployed.spec.release,
        treeVerified: !wrong,
        instances: [],
        strangers: [...deployed.strangers],
        reason: wrong ? "the tree has other files" : "",
      };
    },
    "slot.sockets": ({ slot }: Params<"slot.sockets">) => {
      const deployed = this.slots.get(slotKey(slot));
      const { release, generation } = deployed?.spec ?? {};
      return {
        slot,
        deployed: release && generation ? { release, generation } : null,
        instances: [
          {
            name: "web-0",
            pid: deployed?.pid ?? null,
            startTime: "1",
            port: 1,
            ownsSocket: deployed?.strangers.length === 0,
          },
        ],
        strangers: [...(deployed?.strangers ?? [])],
      };
    },
    "route.set": ({ route, ...effect }: Params<"route.set">) => {
      this.#effect("route.set", effect, () => {
        if (!this.routerIgnores) this.#lane(route.lane).route = route;
      });
      return this.readRoute(route.lane);
    },
    "route.read": ({ lane }: Params<"route.read">) => this.readRoute(lane),
    "route.remove": ({ lane, ...effect }: Params<"route.remove">) => {
      this.#effect("route.remove", effect, () => {
        this.#lane(lane).route = null;
      });
      return {};
    },
    "scan.begin": () => ({ header: "x-tidelock-scan", value: "a.mark", scan: "one" }),
    "scan.read": () => ({
      seen: { blue: { tester: 0, other: 0 }, green: { tester: 0, other: 0 } },
      router: "1",
      weights: { blue: 0, green: 0 },
    }),
    "route.tester": () => ({
      header: "x-tidelock-tester",
      value: "signed",
      expiresAt: new Date().toISOString(),
    }),
    "return.arm": ({ lane, to, ...effect }: Params<"return.arm">) => {
      this.#effect("return.arm", effect, () => {
        if (this.#lane(lane).route === null) {
          throw new TidelockError("not-found", `${lane} has no route to return`);
        }
        this.#lane(lane).armed = { to, operation: effect.operation };
      });
      return {};
    },
    "return.disarm": ({ lane, ...effect }: Params<"return.disarm">) => {
      this.#effect("return.disarm", effect, () => {
        this.#lane(lane).armed = null;
      });
      return {};
    },
    "logs.read": () => ({ lines: [], cursor: "0" }),
    "journal.read": ({ after, limit }: Params<"journal.read">) => ({
      entries: this.journal.filter((entry) => entry.sequence > after).slice(0, limit),
    }),
    "agent.shutdown": () => {
      this.slots.clear();
      this.away = true;
      return {};
    },
  };

  /** The same machine once more, for another way that things may go from here. */
  clone(): FakeHost {
    const copy = new FakeHost(this.keys);
    for (const [key, value] of this.behaviours) copy.behaviours.set(key, value);
    for (const [key, slot] of this.slots) copy.slots.set(key, { ...slot });
    for (const [key, lane] of this.lanes) {
      copy.lanes.set(key, { ...lane, operations: new Map(lane.operations) });
    }
    copy.journal.push(...this.journal);
    return copy;
  }

  /** The agent's own return of traffic, by the authority that a switch had armed. */
  returnByItself(lane: string, reason: string): void {
    const state = this.#lane(lane);
    if (!state.armed || !state.route) throw new Error("nothing is armed");
    const { to, operation } = state.armed;
    state.route = {
      ...state.route,
      weights: { blue: to === "blue" ? 100 : 0, green: to === "green" ? 100 : 0 },
    };
    state.armed = null;
    this.note({ kind: "return", lane, operation, detail: { to, reason } });
  }

  note(fact: Pick<JournalEntry, "kind" | "lane" | "operation" | "detail">): void {
    const last = this.journal.at(-1);
    const entry = {
      ...fact,
      sequence: this.journal.length + 1,
      at: new Date().toISOString(),
      previous: last
        ? createHash("sha256").update(canonicalJson(last)).digest("hex")
        : "0".repeat(64),
    };
    const signature = sign(null, Buffer.from(canonicalJson(entry)), this.keys.privateKey);
    this.journal.push({ ...entry, signature: signature.toString("base64") });
  }

  makeSick(slot: { service: string; environment: string; colour: Colour }): void {
    const found = this.slots.get(slotKey(slot));
    if (found) found.sick = true;
  }

  live(lane: string): Colour | null {
    const weights = this.lanes.get(lane)?.route?.weights;
    if (!weights) return null;
    return weights.blue === 100 ? "blue" : weights.green === 100 ? "green" : null;
  }

  observe(slot: Params<"slot.observe">["slot"]): SlotObservation {
    const found = this.slots.get(slotKey(slot));
    if (!found) return { slot, deployed: null, state: "empty", message: "", instances: [] };
    const { spec } = found;
    const behaviour = this.#behaviour(found);
    const state =
      behaviour === "crashes"
        ? "backoff"
        : behaviour === "never-ready"
          ? "starting"
          : found.sick
            ? "unready"
            : "ready";
    const instances = Object.entries(spec.processes).flatMap(([process, { replicas }]) =>
      Array.from({ length: replicas }, (_, index): Instance => ({
        id: `${process}-${index}`,
        process,
        index,
        state,
        pid: 1,
        startedAt: null,
        host: "127.0.0.1",
        port: null,
        restarts: behaviour === "crashes" ? 5 : 0,
        lastExit: behaviour === "crashes" ? "exit code 3" : null,
        logTail: behaviour === "crashes" ? ["cannot find module"] : [],
      })),
    );
    const { release, releaseName, configuration, bindings, generation } = spec;
    return {
      slot,
      deployed: { release, releaseName, configuration, bindings, generation },
      state:
        state === "ready"
          ? "ready"
          : state === "backoff"
            ? "failed"
            : state === "unready"
              ? "degraded"
              : "starting",
      message: behaviour === "crashes" ? "it crashes again and again" : "",
      instances,
    };
  }

  readRoute(lane: string): RouteObservation {
    const route = this.lanes.get(lane)?.route ?? null;
    const none = { releaseName: null, backends: 0, inFlight: 0, requests: 0, failed: 0 };
    return {
      lane,
      route,
      effective:
        route === null || this.routerSilent
          ? null
          : {
              weights: route.weights,
              generation: 1,
              colours: { blue: none, green: none },
              lastSwitch: null,
            },
    };
  }

  #behaviour(slot: Slot): Behaviour {
    return this.behaviours.get(slot.spec.releaseName) ?? "ready";
  }

  #lane(key: string): LaneState {
    let lane = this.lanes.get(key);
    if (!lane) {
      lane = { fence: null, operations: new Map(), route: null, armed: null };
      this.lanes.set(key, lane);
    }
    return lane;
  }

  #accept(method: string, fence: Fence): void {
    const lane = this.#lane(fence.lane);
    if (lane.fence && compareFences(fence, lane.fence) < 0) {
      this.refused.push({ method, fence });
      throw new TidelockError("stale-epoch", `epoch ${fence.epoch} of ${fence.lane} is over`);
    }
    lane.fence = fence;
  }

  #effect(method: string, effect: { fence: Fence; operation: string }, act: () => void): void {
    this.#accept(method, effect.fence);
    const { operations } = this.#lane(effect.fence.lane);
    const known = operations.get(effect.operation);
    if (known === method) return;
    if (known) throw new TidelockError("conflict", `${effect.operation} was used for ${known}`);
    operations.set(effect.operation, method);
    this.effects.push({ method, operation: effect.operation, fence: effect.fence });
    act();
    this.events.emit("effect", method);
  }
}

/** Adapters over an agent, as thin as the real ones. */
export function fakeTarget(agent: HostAgent): Target {
  return {
    id: "process",
    fencing: "fenced",
    deploy: async (context, spec) => {
      await agent.call("slot.deploy", { ...context, spec });
    },
    destroy: async (context, slot) => {
      await agent.call("slot.destroy", { ...context, slot });
    },
    observe: (slot) => agent.call("slot.observe", { slot }),
    prove: (slot) => agent.call("slot.prove", { slot }),
    dryRun: async (spec) => [`would start ${spec.releaseName}`],
  };
}

export function fakeRouter(agent: HostAgent): Router {
  return {
    id: "embedded",
    fencing: "fenced",
    set: (context, route) => agent.call("route.set", { ...context, route }),
    read: (lane) => agent.call("route.read", { lane }),
    remove: async (context, lane) => {
      await agent.call("route.remove", { ...context, lane });
    },
    traffic: async (lane) => ({ lane, colours: null }),
    tester: (lane, ttlMs) => agent.call("route.tester", { lane, ttlMs }),
  };
}
