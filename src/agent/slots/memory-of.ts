import { readFileSync } from "node:fs";
import type { Result } from "../../ports/host-agent.ts";
import { isAlive } from "../os/identity.ts";
import { familyOf, processTable } from "../os/process-table.ts";
import type { SlotRunner } from "./slot.ts";

/** Resident memory of a colour's instances, each with all that it started (proc(5), `VmRSS`). Linux only. */
export function memoryOf(runner: SlotRunner): Result<"slot.memory"> {
  const visible = process.platform === "linux";
  if (!visible) return { visible, instances: [] };
  const table = processTable();
  const instances = runner.instances.flatMap(({ record }) => {
    if (record.identity === null || !isAlive(record.identity)) return [];
    const family = familyOf(record.identity.pid, table);
    const rssBytes = family.reduce((sum, pid) => sum + residentBytes(pid), 0);
    return [{ instance: `${record.process}-${record.index}`, rssBytes }];
  });
  return { visible, instances };
}

/** 0 for a process that is gone. */
function residentBytes(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes ?? 0) * 1_024;
  } catch {
    return 0;
  }
}
