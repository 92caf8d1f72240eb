import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Layout, layout } from "../model/layout.ts";
import { type Slot, slotKey } from "../model/primitives.ts";
import { type AgentInfo, protocolVersion } from "../ports/host-agent.ts";
import { Artifacts } from "./artifacts/artifacts.ts";
import { Checks } from "./checks/checks.ts";
import { makeHandlers } from "./handlers.ts";
import { outlivesStarter } from "./isolation/outlives.ts";
import { Faults } from "./faults/faults.ts";
import { FaultPoints } from "./faults/points.ts";
import { establishIsolation } from "./isolation/probe.ts";
import { Users } from "./isolation/users.ts";
import { Journal } from "./journal/journal.ts";
import { Lanes } from "./lanes.ts";
import { LogBook } from "./logs/log-book.ts";
import { sweepTemporaries } from "./os/durable.ts";
import { warmUp } from "./os/compile-cache.ts";
import { bootId, isAlive } from "./os/identity.ts";
import { type Parts, report } from "./parts.ts";
import { type BackoffPolicy, defaultBackoff } from "./processes/backoff.ts";
import { removeStrayNamespaces } from "./processes/namespace.ts";
import { PortBook } from "./processes/ports.ts";
import { killStrays } from "./processes/sweep.ts";
import { serveProtocol } from "./protocol/server.ts";
import { Returns } from "./returns/returns.ts";
import { routerProgram } from "./routes/router-supervisor.ts";
import { Routes } from "./routes/routes.ts";
import { Sinks } from "./sinks/sinks.ts";
import { Drains } from "./slots/drains.ts";
import { Slots } from "./slots/slots.ts";
import { type AgentKeys, keyFile, loadKeys } from "./state/keys.ts";
import { lockAgent } from "./state/lock.ts";
import { StateStore } from "./state/store.ts";

export interface AgentOptions {
  readonly dataDir: string;
  readonly version: string;
  /** Pid of the program that started us, to find out whether we outlive it; null: started on its own. */
  readonly startedBy?: number | null;
  readonly backoff?: BackoffPolicy;
  readonly logLimitBytes?: number;
}

export interface RunningAgent {
  readonly info: AgentInfo;
  /** Settles when the agent was told to end. */
  readonly ended: Promise<void>;
  /** Leaves; what runs goes on, and the next agent adopts it. */
  leave(): Promise<void>;
}

const defaultLogLimit = 8 * 1024 * 1024;
/** The answer to `agent.shutdown` goes out first. Milliseconds. */
const leaveAfterMs = 50;

/**
 * Starts the agent of a data directory: takes its lock, finds out what the machine lets it claim, takes
 * over or starts again what its state says shall run, and only then answers.
 *
 * @throws TidelockError `conflict` when another agent owns the directory, `incompatible` for state of
 *   another version, `disk-full`.
 */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const paths = layout(options.dataDir);
  await mkdir(paths.agent, { recursive: true, mode: 0o700 });
  const unlock = await lockAgent(paths.agent);
  await sweepTemporaries(paths.agent);
  const store = await StateStore.open(join(paths.agent, "state.json"));
  const keys = await loadKeys(join(paths.agent, keyFile));
  const isolation = await establishIsolation(paths, store.current.agentId);
  const outlives = outlivesStarter(options.startedBy ?? null);
  const info: AgentInfo = {
    protocol: protocolVersion,
    version: options.version,
    agentId: store.current.agentId,
    pid: process.pid,
    bootId: bootId(),
    publicKey: keys.publicKey,
    isolation: isolation.grade,
    isolationReason: isolation.reason,
    outlivesServer: outlives.outlives,
    outlivesServerReason: outlives.reason,
    dataDir: paths.root,
  };
  // The parts tell of changes before those who listen are made.
  let onChange: (slot: Slot) => void = () => undefined;
  let heal: (slot: Slot) => Promise<void> = async () => undefined;
  const users = new Users(store, isolation.registry);
  await users.restore();
  const parts = await makeParts(options, paths, store, keys, users, {
    slotChanged: (slot) => onChange(slot),
    heal: (slot) => heal(slot),
  });
  const slots = new Slots(parts);
  const faults = new Faults(parts, slots);
  heal = (slot) => faults.heal(slot);
  const routes = new Routes(parts, slots, keys);
  const returns = new Returns(parts, slots, routes);
  const checks = new Checks(parts, slots, keys.content);
  onChange = ({ environment }) => routes.refresh(environment);

  void tellAlteration(parts);
  await parts.journal.note({ kind: "start", detail: { pid: process.pid, bootId: bootId() } });
  await checks.prepare();
  await parts.sinks.prepare();
  await parts.faultPoints.prepare();
  const marks = [
    ...(await checks.livingMarks()),
    ...(await parts.sinks.livingMarks()),
    ...(await parts.faultPoints.livingMarks()),
  ];
  killStrays(parts.agentId, livingMarks(store, marks));
  await removeStrayNamespaces(parts.agentId, instancesOnRecord(store));
  // First: what is restored may need its sinks at once.
  const deployed = (slot: Slot): string | null =>
    store.current.slots[slotKey(slot)]?.spec?.generation ?? null;
  await parts.sinks.restore(deployed);
  await parts.faultPoints.restore(deployed);
  await faults.restore();
  await slots.restore();
  await routes.restore();
  parts.logs.start();
  returns.start();
  checks.start();
  parts.sinks.start();
  parts.faultPoints.start();

  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const leave = (): void => void setTimeout(end, leaveAfterMs);
  const handlers = makeHandlers({ parts, info, slots, routes, returns, checks, faults, leave });
  const server = await serveProtocol(paths.agentSocket, handlers, () => returns.heard());
  report(`agent ${info.agentId} answers on ${paths.agentSocket}; isolation: ${info.isolation}`);
  warmUp(paths, routerProgram);
  if (isolation.reason !== null) report(`isolation is none: ${isolation.reason}`);
  return {
    info,
    ended,
    leave: async () => {
      await server.close();
      returns.stop();
      checks.stop();
      parts.sinks.stop();
      parts.faultPoints.stop();
      faults.stop();
      routes.close();
      slots.close();
      parts.logs.stop();
      await parts.journal.close();
      await unlock();
    },
  };
}

/** A journal that was changed on disk is said loudly and is on record; the agent's work goes on. */
async function tellAlteration({ journal, paths }: Parts): Promise<void> {
  const found = await journal.findAlteration().catch(() => null);
  if (found === null) return;
  const { sequence, why } = found;
  const where = join(paths.agent, "journal");
  report(
    `THE JOURNAL WAS ALTERED: ${where}, at entry ${sequence}: ${why}. ` +
      "Somebody or a broken disk has changed it. No control plane believes anything from there on: " +
      "keep a copy of the folder for whoever looks into it",
  );
  await journal.note({ kind: "journal-altered", detail: { sequence, why } });
}

async function makeParts(
  options: AgentOptions,
  paths: Layout,
  store: StateStore,
  keys: AgentKeys,
  users: Users,
  listeners: Pick<Parts, "slotChanged" | "heal">,
): Promise<Parts> {
  const artifacts = new Artifacts(paths);
  await artifacts.prepare();
  const { agentId } = store.current;
  const ports = new PortBook();
  return {
    paths,
    agentId,
    store,
    journal: await Journal.open(join(paths.agent, "journal"), keys.signing),
    lanes: new Lanes(store, keys.content),
    users,
    artifacts,
    ports,
    sinks: new Sinks({ paths, agentId, users, ports }),
    faultPoints: new FaultPoints({ paths, agentId, users, ports }),
    drains: new Drains(),
    logs: new LogBook(paths, options.logLimitBytes ?? defaultLogLimit),
    backoff: options.backoff ?? defaultBackoff,
    ...listeners,
  };
}

function instancesOnRecord(store: StateStore): ReadonlySet<string> {
  const slots = Object.values(store.current.slots);
  return new Set(
    slots.flatMap((slot) => [...slot.instances, ...slot.retiring].map(({ id }) => id)),
  );
}

/** Marks of everything on record that runs; whoever carries another one of ours is a stray. */
function livingMarks(store: StateStore, others: readonly string[]): ReadonlySet<string> {
  const { slots, routers } = store.current;
  const instances = Object.values(slots).flatMap((slot) => [...slot.instances, ...slot.retiring]);
  const known = [
    ...instances.map(({ id, identity }) => ({ mark: id, identity })),
    ...Object.values(routers).map(({ instance, identity }) => ({ mark: instance, identity })),
  ];
  const living = known.filter(({ identity }) => identity !== null && isAlive(identity));
  return new Set([...living.map(({ mark }) => mark), ...others]);
}
