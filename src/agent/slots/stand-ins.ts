import { TidelockError } from "../../model/errors.ts";
import { type FaultAddresses, faultPointsIn, fillFaults, noFaults } from "../../model/faults.ts";
import type { Slot } from "../../model/primitives.ts";
import { fillSinks, type SinkAddresses } from "../../model/sinks.ts";
import type { Parts } from "../parts.ts";
import { type Entries, sinksOf, type StoredSpec } from "./spec.ts";

/** What stands in a deployment under test for the placeholders of its configuration. */
export interface StandIns {
  readonly sinks: SinkAddresses;
  readonly faults: FaultAddresses;
}

/** A value as the instances get it. */
export function fillIn(value: string, { sinks, faults }: StandIns): string {
  return fillFaults(fillSinks(value, sinks), faults);
}

/** Makes sure that all of them are there before anything is started that needs them. */
export async function ensureStandIns(
  parts: Parts,
  spec: StoredSpec,
  entries: Entries,
): Promise<StandIns> {
  const { slot, generation } = spec;
  const sinks = await parts.sinks.ensure(slot, generation, sinksOf(spec, entries));
  if (spec.bindings !== "isolated") return { sinks, faults: noFaults };
  // A sink may be behind a place of a fault.
  const points = faultPointsIn(Object.values(entries).map((value) => fillSinks(value, sinks)));
  if (typeof points === "string") {
    throw new TidelockError("invalid-input", `the isolated configuration: ${points}`, {
      where: "isolated",
      fault: "operator",
      hint: "give each fault one name and each name one address",
    });
  }
  return { sinks, faults: await parts.faultPoints.ensure(slot, generation, points) };
}

/** Where they are, of a deployment that has them. */
export async function standInsOf(parts: Parts, slot: Slot, generation: string): Promise<StandIns> {
  return {
    sinks: await parts.sinks.addresses(slot, generation),
    faults: await parts.faultPoints.addresses(slot, generation),
  };
}

/** Takes away those of every other deployment of the slot. */
export async function removeOtherStandIns(
  parts: Parts,
  slot: Slot,
  keep: string | null,
): Promise<void> {
  await parts.sinks.removeOthers(slot, keep);
  await parts.faultPoints.removeOthers(slot, keep);
}
