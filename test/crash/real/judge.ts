import { readFileSync } from "node:fs";
import { environmentOf, processTable } from "../../../src/agent/os/process-table.ts";
import { markers } from "../../../src/agent/processes/environment.ts";
import type { DeploymentView } from "../../../src/api/views.ts";
import { otherColour } from "../../../src/model/primitives.ts";
import { environment, type Rig } from "./rig.ts";
import { type Scenario, statusOf } from "./scenarios.ts";

/**
 * What is wrong after a case, sentence by sentence: live colour and rows, route, instances, processes, and
 * the record. Asked again and again for a while: what is being stopped may take a moment to be gone.
 */
export async function whatIsWrong(
  rig: Rig,
  scenario: Scenario,
  ended: { promotion: string; live: string },
): Promise<readonly string[]> {
  return [
    ...(await wrongWithColours(rig, scenario, ended.live)),
    ...(await wrongWithDeployments(rig, scenario)),
    ...(await wrongWithProcesses(rig)),
    ...(await wrongWithRecord(rig, ended.promotion)),
  ];
}

async function wrongWithColours(rig: Rig, scenario: Scenario, live: string): Promise<string[]> {
  const { service } = scenario;
  const status = await statusOf(rig, service);
  if (status?.live?.version !== live) {
    return [`${status?.live?.version} is live in the rows, not ${live}`];
  }
  const wrong: string[] = [];
  const { colour, id } = status.live;
  const seen = await rig.agent.call("slot.observe", { slot: { service, environment, colour } });
  if (seen.state !== "ready" || seen.deployed?.release !== id) {
    wrong.push(`the live colour, ${colour}, is ${seen.state} with ${seen.deployed?.releaseName}`);
  }
  if (seen.deployed?.bindings !== "live") wrong.push(`${colour} serves without live bindings`);
  const old = await rig.agent.call("slot.observe", {
    slot: { service, environment, colour: otherColour(colour) },
  });
  const stands = status.rollbackUntil !== null;
  if (old.state !== (stands ? "ready" : "empty")) {
    wrong.push(`the other colour is ${old.state}; it is ${stands ? "" : "no "}way back`);
  }
  if (service !== "jobs") wrong.push(...(await wrongWithRoute(rig, scenario, colour, live)));
  const { lanes, slots } = await rig.agentState();
  const lane = lanes[`${service}/${environment}`];
  if (lane?.armed) wrong.push("a return is still armed");
  if (lane?.returned) wrong.push("a return is not in the journal");
  for (const [key, slot] of Object.entries(slots)) {
    if (slot.retiring.length > 0) wrong.push(`${key} is still stopping ${slot.retiring.length}`);
  }
  return wrong;
}

async function wrongWithRoute(
  rig: Rig,
  { service }: Scenario,
  colour: "blue" | "green",
  live: string,
): Promise<string[]> {
  const wanted = { blue: 0, green: 0, [colour]: 100 };
  const { route, effective } = await rig.agent.call("route.read", {
    lane: `${service}/${environment}`,
  });
  const wrong: string[] = [];
  for (const [what, weights] of Object.entries({
    told: route?.weights,
    does: effective?.weights,
  })) {
    if (weights?.blue !== wanted.blue || weights.green !== wanted.green) {
      wrong.push(`the router (${what}) sends ${JSON.stringify(weights)}, not all to ${colour}`);
    }
  }
  const body = await fetch(`http://127.0.0.1:${rig.port(service)}/`, {
    headers: { connection: "close" },
  }).then(
    (response) => response.text(),
    (error: unknown) => String(error),
  );
  if (body !== `version ${live}`) wrong.push(`users get "${body}"`);
  return wrong;
}

async function wrongWithDeployments(rig: Rig, { service }: Scenario): Promise<string[]> {
  const all = await rig.server.call<DeploymentView[]>("listDeployments", {
    service,
    environment,
    limit: 50,
  });
  const open = all.filter(({ until }) => until === null);
  return open.length === 1 ? [] : [`${open.length} deployments are open at once`];
}

/** One agent, one router, the instances that the agent names, and nobody else. */
async function wrongWithProcesses(rig: Rig): Promise<string[]> {
  const wrong: string[] = [];
  const info = await rig.agent.info();
  const state = await rig.agentState();
  const known = new Set<number>();
  for (const { identity } of Object.values(state.routers)) known.add(identity.pid);
  for (const { instances } of Object.values(state.slots)) {
    for (const { identity } of instances) if (identity) known.add(identity.pid);
  }
  const table = processTable().map(({ pid }) => pid);
  for (const pid of table) {
    const ours = environmentOf(pid)?.get(markers.agent) === info.agentId;
    if (ours && !known.has(pid)) wrong.push(`process ${pid} is left over: ${commandOf(pid)}`);
  }
  for (const pid of known)
    if (!table.includes(pid)) wrong.push(`process ${pid} is on record, and gone`);
  const agents = table.filter(
    (pid) => /agent\/main\.ts/.test(commandOf(pid)) && commandOf(pid).includes(rig.dataDir),
  );
  if (agents.length !== 1) wrong.push(`${agents.length} agents run`);
  return wrong;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** Law 1: every intent has its end on record, once; and nothing was done that was never intended. */
async function wrongWithRecord(rig: Rig, promotion: string): Promise<string[]> {
  const { rows } = await rig.pool.query<{ operation: string; kind: string }>(
    "select operation, kind from ledger_entries where operation like $1 || '/%' and kind like 'effect.%'",
    [promotion],
  );
  const of = (...kinds: string[]) =>
    rows.filter(({ kind }) => kinds.includes(kind)).map(({ operation }) => operation);
  const intents = of("effect.intent");
  const ends = of("effect.outcome", "effect.unseen");
  const failures = of("effect.failure");
  const wrong: string[] = [];
  if (intents.length === 0) wrong.push("no intent is on record");
  for (const operation of intents) {
    const count = ends.filter((one) => one === operation).length;
    if (count > 1 || (count === 0 && !failures.includes(operation))) {
      wrong.push(`${operation} has ${count} outcomes`);
    }
  }
  for (const operation of [...ends, ...failures]) {
    if (!intents.includes(operation)) wrong.push(`${operation} has an outcome and no intent`);
  }
  return wrong;
}

/** What a stale server could change, by name: compared before and after it goes on. */
export async function fingerprint(rig: Rig): Promise<ReadonlyMap<string, string>> {
  const { lanes, slots } = await rig.agentState();
  const { rows } = await rig.pool.query<{ count: string }>(
    // What the agent has noted of itself comes in when it comes in.
    "select count(*)::text as count from ledger_entries where kind not like 'agent.%'",
  );
  const prints = new Map([["entries in the ledger", rows[0]?.count ?? ""]]);
  for (const [lane, { operations, ...rest }] of Object.entries(lanes)) {
    prints.set(`last operation of ${lane}`, operations.at(-1)?.operation ?? "none");
    for (const [key, value] of Object.entries(rest)) {
      prints.set(`${key} of ${lane}`, JSON.stringify(value));
    }
  }
  for (const [slot, { spec, instances }] of Object.entries(slots)) {
    prints.set(`generation of ${slot}`, spec?.generation ?? "none");
    prints.set(`processes of ${slot}`, instances.map(({ identity }) => identity?.pid).join(" "));
  }
  return prints;
}

export function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .map((key) => `${key} was ${before.get(key) ?? "not there"}, is ${after.get(key) ?? "gone"}`);
}
