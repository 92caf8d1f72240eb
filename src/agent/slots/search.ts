import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Result } from "../../ports/host-agent.ts";
import { isAlive } from "../os/identity.ts";
import { readOwn } from "../os/read-own.ts";
import { familyOf, processTable } from "../os/process-table.ts";
import type { Parts } from "../parts.ts";
import { deploymentFolders, readVariables } from "./delivery.ts";
import { standInsOf } from "./stand-ins.ts";
import type { SlotRunner } from "./slot.ts";

type Search = Result<"slot.search">;
/** More than can be delivered in one entry; a service may make its own file longer. Bytes. */
const mostFileBytes = 8 * 1024 * 1024;

interface Needle {
  readonly name: string;
  readonly forms: readonly Buffer[];
}

/**
 * Whether values (the live side's secrets) stand in what a slot's instances were given: not in what a
 * configuration says they shall be given, but in the files, variables and running processes. A value is
 * looked for as it is, percent-encoded (as in a URL) and in base64. Only names and places come back.
 */
export async function searchSlot(
  parts: Parts,
  runner: SlotRunner,
  values: Readonly<Record<string, string>>,
): Promise<Search> {
  const spec = runner.record?.spec ?? null;
  const result: Search = {
    generation: spec?.generation ?? null,
    bindings: spec?.bindings ?? null,
    places: 0,
    unreadable: 0,
    found: [],
  };
  if (spec === null) return result;
  const needles = Object.entries(values).map(([name, value]) => ({ name, forms: formsOf(value) }));
  const look = (place: string, bytes: Buffer): void => {
    result.places += 1;
    for (const name of namesIn(bytes, needles)) result.found.push({ name, place });
  };
  const folders = deploymentFolders(parts.paths, runner.slot, spec.generation);
  for (const name of await readdir(folders.config).catch(() => [])) {
    const content = await readOwn(join(folders.config, name), mostFileBytes);
    if (content === null) result.unreadable += 1;
    else look(`file ${name}`, content);
  }
  if (spec.delivery === "variables") {
    const standIns = await standInsOf(parts, runner.slot, spec.generation);
    for (const [key, value] of Object.entries(await readVariables(folders, standIns))) {
      look(`variable ${key}`, Buffer.from(value));
    }
  }
  const table = processTable();
  for (const { record } of runner.instances) {
    if (record.identity === null || !isAlive(record.identity)) continue;
    for (const pid of familyOf(record.identity.pid, table)) {
      for (const part of ["environ", "cmdline"] as const) {
        const bytes = readPart(pid, part);
        if (bytes === null) result.unreadable += 1;
        else look(`${part} of ${record.id}, pid ${pid}`, bytes);
      }
    }
  }
  return result;
}

function formsOf(value: string): readonly Buffer[] {
  const encoded = Buffer.from(value).toString("base64").replace(/=+$/, "");
  const forms = new Set([
    value,
    encodeURIComponent(value),
    encoded,
    Buffer.from(value).toString("base64url"),
  ]);
  return [...forms].filter((form) => form !== "").map((form) => Buffer.from(form));
}

function namesIn(bytes: Buffer, needles: readonly Needle[]): readonly string[] {
  return needles
    .filter(({ forms }) => forms.some((form) => bytes.includes(form)))
    .map(({ name }) => name);
}

/** Null when it is gone, or not ours to read. */
function readPart(pid: number, part: "environ" | "cmdline"): Buffer | null {
  try {
    return readFileSync(`/proc/${pid}/${part}`);
  } catch {
    return null;
  }
}
