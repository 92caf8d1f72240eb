import type { Slot } from "../../model/primitives.ts";
import type { SlotObservation } from "../../ports/host-agent.ts";
import type { LogBook } from "../logs/log-book.ts";
import type { Instance } from "../processes/instance.ts";
import type { SlotRecord } from "../state/schema.ts";

/** Lines of log that an instance which is not ready shows. */
const tailLines = 20;
const maxLineLength = 2_000;

/** What a slot is and does, put together from what shall run and what does. */
export function observeSlot(
  slot: Slot,
  record: Readonly<SlotRecord> | null,
  instances: readonly Instance[],
  retiring: readonly Instance[],
  logs: LogBook,
): SlotObservation {
  const spec = record?.spec ?? null;
  const shown = [...instances, ...retiring.filter(({ state }) => state !== "exited")];
  const state = record === null ? "empty" : stateOf(spec !== null, record.wasReady, instances);
  return {
    slot,
    deployed:
      spec === null
        ? null
        : {
            release: spec.release,
            releaseName: spec.releaseName,
            configuration: spec.configuration,
            bindings: spec.bindings,
            generation: spec.generation,
          },
    state,
    message: messageOf(state, instances, retiring),
    instances: shown.map((instance) => ({
      id: instance.record.id,
      process: instance.record.process,
      index: instance.record.index,
      state: instance.state,
      pid: instance.record.identity?.pid ?? null,
      startedAt: instance.record.startedAt,
      host: instance.record.host,
      port: instance.record.port,
      restarts: instance.record.restarts,
      lastExit: instance.record.lastExit,
      logTail: instance.state === "ready" ? [] : tailOf(slot, instance, logs),
    })),
  };
}

function stateOf(
  wanted: boolean,
  wasReady: boolean,
  instances: readonly Instance[],
): SlotObservation["state"] {
  // Being emptied: it is not empty before nothing runs any more.
  if (!wanted) return "degraded";
  const ready = instances.filter(({ state }) => state === "ready").length;
  if (ready === instances.length) return "ready";
  const failed = instances.some((instance) => instance.failed);
  if (failed && (ready === 0 || !wasReady)) return "failed";
  return wasReady ? "degraded" : "starting";
}

function messageOf(
  state: SlotObservation["state"],
  instances: readonly Instance[],
  retiring: readonly Instance[],
): string {
  if (state === "empty") return "nothing is deployed here";
  const leaving = retiring.length === 0 ? "" : `, ${retiring.length} of an earlier one stopping`;
  const ready = instances.filter((instance) => instance.state === "ready").length;
  const count = `${ready} of ${instances.length} instances ready${leaving}`;
  const first = instances.find((instance) => instance.reason !== null);
  if (first === undefined) return count;
  return `${count}; ${first.record.process}-${first.record.index} ${first.state}: ${first.reason}`;
}

function tailOf(slot: Slot, instance: Instance, logs: LogBook): string[] {
  const { process, index } = instance.record;
  const file = logs.file(slot, `${process}-${index}`);
  return file
    .tail(tailLines, instance.logStart, Date.now())
    .lines.map(({ text }) => text.slice(0, maxLineLength));
}
