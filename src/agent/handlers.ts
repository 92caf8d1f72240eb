import { TidelockError } from "../model/errors.ts";
import { type Fence, laneKey } from "../model/primitives.ts";
import { type AgentInfo, protocolVersion } from "../ports/host-agent.ts";
import type { Checks } from "./checks/checks.ts";
import type { Faults } from "./faults/faults.ts";
import { parseLane, requireSameLane } from "./lanes.ts";
import type { Parts } from "./parts.ts";
import type { Handlers } from "./protocol/server.ts";
import type { Returns } from "./returns/returns.ts";
import type { Routes } from "./routes/routes.ts";
import { proveSlot } from "./slots/prove.ts";
import { memoryOf } from "./slots/memory-of.ts";
import { portsOf } from "./slots/ports-of.ts";
import { socketsOf } from "./slots/sockets-of.ts";
import type { Slots } from "./slots/slots.ts";

export interface Machinery {
  readonly parts: Parts;
  readonly info: AgentInfo;
  readonly slots: Slots;
  readonly routes: Routes;
  readonly returns: Returns;
  readonly checks: Checks;
  readonly faults: Faults;
  /** Begins the agent's own end, after the answer has gone out. */
  readonly leave: () => void;
}

/** The protocol's methods, each a line or two over the part that does the work. */
export function makeHandlers(machinery: Machinery): Handlers {
  const { parts, slots, routes, returns, checks, faults, info } = machinery;
  return {
    hello: async ({ protocols }) => {
      if (protocols.includes(protocolVersion)) return info;
      throw new TidelockError("incompatible", `this agent speaks protocol ${protocolVersion}`, {
        hint: `it is version ${info.version}: use the same version on both sides`,
      });
    },
    "lane.fence": async ({ fence }) => {
      parseLane(fence.lane);
      await parts.lanes.fenced(fence, () => Promise.resolve());
      return {};
    },
    "lane.forget": async (effect) => {
      await forgetLane(machinery, effect);
      return {};
    },
    "artifact.ensure": async ({ digest, size, path }) => ({
      directory: await parts.artifacts.ensure({ digest, size }, path),
    }),
    "artifact.collect": async ({ keep }) => {
      const used = slots.all().flatMap(({ record }) => record?.spec?.artifacts ?? []);
      const trees = (await checks.treesInUse()).filter((tree) => tree !== null);
      const all = new Set([...keep, ...used.map(({ digest }) => digest), ...trees]);
      return { removed: await parts.artifacts.collect(all) };
    },
    "slot.deploy": async ({ spec, ...effect }) => {
      await slots.deploy(effect, spec);
      return {};
    },
    "slot.reset": async ({ slot, ...effect }) => {
      await slots.reset(effect, slot);
      return {};
    },
    "slot.destroy": async ({ slot, ...effect }) => {
      await slots.destroy(effect, slot);
      return {};
    },
    "slot.observe": async ({ slot }) => {
      const seen = slots.observe(slot);
      await routes.settled(slot.environment);
      return seen;
    },
    "slot.prove": ({ slot }) => proveSlot(parts, slots.runner(slot)),
    "slot.sockets": async ({ slot }) => socketsOf(slots.runner(slot)),
    "slot.list": async () => ({ slots: slots.list() }),
    "route.set": ({ route, ...effect }) => routes.set(effect, route),
    "route.read": ({ lane }) => routes.read(lane),
    "route.traffic": ({ lane }) => routes.traffic(lane),
    "route.remove": async ({ lane, ...effect }) => {
      await routes.remove(effect, lane);
      return {};
    },
    "route.tester": async ({ lane, ttlMs }) => routes.tester(lane, ttlMs),
    "scan.begin": async ({ lane, ttlMs }) => routes.beginScan(lane, ttlMs),
    "scan.read": ({ lane, scan }) => routes.readScan(lane, scan),
    "sink.read": async ({ slot, after, limit }) => {
      const generation = slots.runner(slot).record?.spec?.generation ?? null;
      if (generation !== null) return parts.sinks.read(slot, generation, after, limit);
      const nothing = { sinks: [], running: false, messages: [], next: after, full: false };
      return { generation, ...nothing };
    },
    "slot.memory": async ({ slot }) => memoryOf(slots.runner(slot)),
    "slot.ports": async ({ slot }) => portsOf(parts, slots.runner(slot)),
    "slot.manifest": ({ slot, key }) => slots.manifest(slot, key),
    "slot.search": ({ slot, values }) => slots.search(slot, values),
    "fault.offers": ({ slot }) => faults.offers(slot),
    "fault.begin": (request) => faults.begin(request),
    "fault.read": async ({ slot }) => ({ fault: await faults.read(slot) }),
    "fault.end": ({ slot, operation }) => faults.end(slot, operation),
    "return.arm": async (request) => {
      await returns.arm(request);
      return {};
    },
    "return.disarm": async ({ lane, ...effect }) => {
      await returns.disarm(effect, lane);
      return {};
    },
    "check.start": async (request) => {
      await checks.begin(request);
      return {};
    },
    "check.observe": ({ run }) => checks.observe(run),
    "check.read": ({ run, stream, offset }) => checks.read(run, stream, offset),
    "check.stop": async ({ run }) => {
      await checks.end(run);
      return {};
    },
    "logs.read": (request) => parts.logs.read(request),
    "journal.read": async ({ after, limit }) => ({
      entries: [...(await parts.journal.read(after, limit))],
    }),
    // That a frame came at all is what counts; the server has noticed it.
    "control.heartbeat": async () => ({}),
    "agent.shutdown": async ({ stopServices }) => {
      if (stopServices) await stopEverything(machinery);
      machinery.leave();
      return {};
    },
  };
}

/**
 * Removes a lane: its route, both colours, its armed return. What is kept of it is its fence (a stale
 * server must not bring it back) and its services' own data, with the user that owns it.
 */
async function forgetLane(
  { parts, slots, routes, returns }: Machinery,
  effect: { readonly fence: Fence; readonly operation: string },
): Promise<void> {
  const lane = effect.fence.lane;
  const { service, environment } = parseLane(lane);
  requireSameLane(effect.fence, laneKey({ service, environment }));
  const ends: Promise<void>[] = [];
  await parts.lanes.effect(effect, { forget: lane }, async () => {
    await parts.journal.append({ kind: "forget", lane, operation: effect.operation, detail: {} });
    await returns.disarmNow(lane);
    await routes.removeNow(lane, effect.operation);
    for (const colour of ["blue", "green"] as const) {
      ends.push((await slots.runner({ service, environment, colour }).destroy()).done);
    }
  });
  await Promise.all(ends);
}

/** Traffic ends first, then checks, then services: nobody is sent to a process that is being stopped. */
async function stopEverything({
  parts,
  slots,
  routes,
  returns,
  checks,
  faults,
}: Machinery): Promise<void> {
  returns.stop();
  await parts.journal.note({ kind: "shutdown", detail: {} });
  await routes.stopAll();
  await checks.stopAll();
  await faults.healAll();
  await slots.stopAll();
}
