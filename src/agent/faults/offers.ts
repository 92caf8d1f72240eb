import { TidelockError } from "../../model/errors.ts";
import { laneKey } from "../../model/primitives.ts";
import type { Result } from "../../ports/host-agent.ts";
import type { Fault } from "../../ports/host-agent-faults.ts";
import { isAlive } from "../os/identity.ts";
import type { Parts } from "../parts.ts";
import { deploymentFolders } from "../slots/delivery.ts";
import type { SlotRunner } from "../slots/slot.ts";
import { isMounted, whyNoDisk } from "./disk.ts";
import type { FaultRecord } from "./record.ts";

type Offers = Result<"fault.offers">;

/** What of a colour may be injured, and why the rest may not. */
export async function offersOf(parts: Parts, runner: SlotRunner): Promise<Offers> {
  const spec = runner.record?.spec ?? null;
  const generation = spec?.generation ?? null;
  const points = generation === null ? null : await parts.faultPoints.read(runner.slot, generation);
  return {
    generation,
    refused: whyNotInjure(parts, runner),
    instances: runner.instances.map(({ record }) => ({
      name: `${record.process}-${record.index}`,
      process: record.process,
      running: record.identity !== null && isAlive(record.identity),
    })),
    dependencies: (points?.dependencies ?? []).map(({ name, host, port }) => ({
      name,
      upstream: `${host}:${port}`,
    })),
    disk: { bytes: points?.disk ?? null, impossible: whyNotFill(parts, runner, points?.disk) },
  };
}

/**
 * Refuses a colour that users meet or may meet, whatever anybody else thinks it is.
 * @throws TidelockError `forbidden`, or `conflict` when another deployment stands there
 */
export function refuseInjury(parts: Parts, runner: SlotRunner, generation: string): void {
  const why = whyNotInjure(parts, runner);
  if (why !== null) {
    throw new TidelockError("forbidden", `${runner.key} is not injured: ${why}`, {
      where: runner.key,
      hint: "faults are for a colour under test, which has its isolated configuration and no traffic",
    });
  }
  if (runner.record?.spec?.generation === generation) return;
  throw new TidelockError("conflict", "another deployment stands on this colour by now", {
    where: runner.key,
  });
}

function whyNotInjure(parts: Parts, runner: SlotRunner): string | null {
  const spec = runner.record?.spec ?? null;
  if (spec === null) return "nothing is deployed there by this host agent";
  if (spec.bindings !== "isolated") return "it runs with the configuration of users' colour";
  const { route, armed } = parts.store.lane(laneKey(runner.slot));
  const share = route?.weights[runner.slot.colour] ?? 0;
  if (share > 0) return `${share} % of the traffic goes there`;
  return armed?.to === runner.slot.colour ? "traffic may return to it at any moment" : null;
}

/** @throws TidelockError `unsupported` for what this deployment or this machine does not offer */
export async function requireOffered(
  parts: Parts,
  runner: SlotRunner,
  fault: Fault,
): Promise<void> {
  const offers = await offersOf(parts, runner);
  if (fault.kind === "disk-full" && offers.disk.impossible !== null) {
    throw new TidelockError("unsupported", offers.disk.impossible, { where: "disk-full" });
  }
  if (!("dependency" in fault)) return;
  if (offers.dependencies.some(({ name }) => name === fault.dependency)) return;
  throw new TidelockError(
    "unsupported",
    `this deployment declares no {fault.${fault.dependency}}`,
    {
      where: fault.dependency,
      fault: "operator",
      hint: `write it into the isolated configuration: {fault.${fault.dependency}=<host>:<port>}`,
    },
  );
}

/** @throws TidelockError `unavailable` for an instance that does not run */
export function targetsOf(runner: SlotRunner, fault: Fault): FaultRecord["targets"] {
  if (!("instances" in fault)) return [];
  return [...new Set(fault.instances)].map((name) => {
    const found = runner.instances.find(
      ({ record }) => `${record.process}-${record.index}` === name,
    );
    const identity = found?.record.identity ?? null;
    if (found === undefined || identity === null || !isAlive(identity)) {
      throw new TidelockError("unavailable", `${name} does not run at this moment`, {
        where: name,
        retryable: true,
      });
    }
    return { name, id: found.record.id, identity };
  });
}

function whyNotFill(
  parts: Parts,
  runner: SlotRunner,
  bytes: number | null | undefined,
): string | null {
  const spec = runner.record?.spec ?? null;
  if (spec === null) return "nothing is deployed there";
  if (bytes === null || bytes === undefined) {
    return "this deployment declares no disk of its own: write {fault.disk=64m} into its isolated configuration";
  }
  if (!Object.values(spec.processes).some(({ state }) => state)) {
    return "no process of it keeps a state directory (`state: true`)";
  }
  const why = whyNoDisk();
  if (why !== null) return why;
  const { state } = deploymentFolders(parts.paths, runner.slot, spec.generation);
  return isMounted(state) ? null : "this machine did not let the host agent mount a disk for it";
}
