import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { TidelockError } from "../model/errors.ts";
import { layout } from "../model/layout.ts";
import { type AgentInfo, protocolVersion } from "../ports/host-agent.ts";
import { Artifacts } from "./artifacts/artifacts.ts";
import { prepareFolders } from "./isolation/folders.ts";
import { provideRuntime } from "./isolation/runtime.ts";
import { Users } from "./isolation/users.ts";
import { Journal } from "./journal/journal.ts";
import { Lanes } from "./lanes.ts";
import { LogBook } from "./logs/log-book.ts";
import { sweepTemporaries } from "./os/durable.ts";
import { bootId } from "./os/identity.ts";
import { type Parts, report } from "./parts.ts";
import { type BackoffPolicy, defaultBackoff } from "./processes/backoff.ts";
import { PortBook } from "./processes/ports.ts";
import { killStrays } from "./processes/sweep.ts";
import { type Handlers, serveProtocol } from "./protocol/server.ts";
import { Slots } from "./slots/slots.ts";
import { loadKeys } from "./state/keys.ts";
import { lockAgent } from "./state/lock.ts";
import { StateStore } from "./state/store.ts";

export interface AgentOptions {
  readonly dataDir: string;
  readonly version: string;
  readonly backoff?: BackoffPolicy;
  readonly logLimitBytes?: number;
}

export interface RunningAgent {
  readonly info: AgentInfo;
  /** Leaves; what runs goes on and is adopted by the next agent. */
  leave(): Promise<void>;
  /** Settles when the agent has been told to shut down. */
  readonly ended: Promise<void>;
}

const defaultLogLimit = 8 * 1024 * 1024;

export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const paths = layout(options.dataDir);
  await mkdir(paths.agent, { recursive: true, mode: 0o700 });
  const unlock = await lockAgent(paths.agent);
  await prepareFolders(paths, false);
  await provideRuntime(paths.runtime, false);
  await sweepTemporaries(paths.agent);
  const store = await StateStore.open(join(paths.agent, "state.json"));
  const { agentId } = store.current;
  const keys = await loadKeys(join(paths.agent, "agent-key.pem"));
  const journal = await Journal.open(join(paths.agent, "journal"), keys.signing);
  const artifacts = new Artifacts(paths);
  await artifacts.prepare();
  const logs = new LogBook(paths, options.logLimitBytes ?? defaultLogLimit);
  logs.start();
  const info: AgentInfo = {
    protocol: protocolVersion,
    version: options.version,
    agentId,
    pid: process.pid,
    bootId: bootId(),
    publicKey: keys.publicKey,
    isolation: "none",
    isolationReason: "not looked at yet",
    outlivesServer: true,
    dataDir: paths.root,
  };
  const parts: Parts = {
    paths,
    agentId,
    store,
    journal,
    lanes: new Lanes(store, keys.content),
    users: new Users(store, false),
    artifacts,
    ports: new PortBook(),
    logs,
    backoff: options.backoff ?? defaultBackoff,
    slotChanged: () => undefined,
  };
  await journal.append({ kind: "start", detail: { pid: process.pid, bootId: bootId() } });
  const living = Object.values(store.current.slots).flatMap(({ instances, retiring }) =>
    [...instances, ...retiring].flatMap((one) => (one.identity === null ? [] : [one.id])),
  );
  killStrays(agentId, new Set(living));
  const slots = new Slots(parts);
  await slots.restore();

  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const unsupported = (method: string) => (): Promise<never> =>
    Promise.reject(new TidelockError("unsupported", `${method} is not there yet`));
  const handlers: Handlers = {
    hello: async ({ protocols }) => {
      if (!protocols.includes(protocolVersion)) {
        throw new TidelockError("incompatible", `this agent speaks protocol ${protocolVersion}`);
      }
      return info;
    },
    "lane.fence": async ({ fence }) => {
      await parts.lanes.fenced(fence, async () => undefined);
      return {};
    },
    "lane.forget": unsupported("lane.forget"),
    "artifact.ensure": async ({ digest, size, path }) => ({
      directory: await artifacts.ensure({ digest, size }, path),
    }),
    "artifact.collect": unsupported("artifact.collect"),
    "slot.deploy": async ({ spec, ...effect }) => {
      await slots.deploy(effect, spec);
      return {};
    },
    "slot.destroy": async ({ slot, ...effect }) => {
      await slots.destroy(effect, slot);
      return {};
    },
    "slot.observe": async ({ slot }) => slots.observe(slot),
    "slot.prove": unsupported("slot.prove"),
    "slot.list": async () => ({ slots: slots.list() }),
    "route.set": unsupported("route.set"),
    "route.read": unsupported("route.read"),
    "route.remove": unsupported("route.remove"),
    "route.tester": unsupported("route.tester"),
    "return.arm": unsupported("return.arm"),
    "return.disarm": unsupported("return.disarm"),
    "check.start": unsupported("check.start"),
    "check.observe": unsupported("check.observe"),
    "check.stop": unsupported("check.stop"),
    "logs.read": async (request) => logs.read(request),
    "journal.read": async ({ after, limit }) => ({
      entries: [...(await journal.read(after, limit))],
    }),
    "control.heartbeat": async () => ({}),
    "agent.shutdown": async ({ stopServices }) => {
      if (stopServices) await slots.stopAll();
      setTimeout(end, 50);
      return {};
    },
  };
  const server = await serveProtocol(paths.agentSocket, handlers, () => undefined);
  report(`agent ${agentId} answers on ${paths.agentSocket}`);
  return {
    info,
    ended,
    leave: async () => {
      await server.close();
      slots.close();
      logs.stop();
      await journal.close();
      await unlock();
    },
  };
}
