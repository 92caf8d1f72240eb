import { dirname, join } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import type { Parts } from "../parts.ts";
import { tidelockVariables } from "../processes/environment.ts";
import { deploymentFolders, keptFolder, makeWay, readVariables } from "../slots/delivery.ts";
import { ownerOf } from "../slots/owner.ts";
import { standInsOf } from "../slots/stand-ins.ts";
import type { SlotRunner } from "../slots/slot.ts";

export interface SlotProgram {
  readonly user: number | null;
  readonly environment: Readonly<Record<string, string>>;
  /** Configuration that is delivered as variables. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Kept data of scripts, apart from that of the service's processes. */
const stateName = "script";

/** What a program that installs a release is given: what the release's own processes would be given. */
export async function slotProgram(parts: Parts, runner: SlotRunner): Promise<SlotProgram> {
  const spec = runner.record?.spec ?? null;
  if (spec === null) {
    throw new TidelockError("not-found", "a program for a slot needs a deployment on it", {
      where: runner.key,
      fault: "bug",
    });
  }
  const { slot } = runner;
  const folders = deploymentFolders(parts.paths, slot, spec.generation);
  const user = parts.users.numberOf(ownerOf(spec));
  const standIns = await standInsOf(parts, slot, spec.generation);
  const state =
    spec.bindings === "isolated"
      ? join(folders.state, stateName)
      : join(parts.paths.state, slot.service, slot.environment, stateName);
  if (spec.bindings === "live") await makeWay(parts.paths, dirname(state), user !== null);
  await keptFolder(state, user);
  return {
    user,
    environment: {
      ...tidelockVariables(slot, spec.release, spec.releaseName),
      TIDELOCK_STATE_DIR: state,
      ...(spec.delivery === "files" ? { TIDELOCK_CONFIG_DIR: folders.config } : {}),
    },
    variables: spec.delivery === "variables" ? await readVariables(folders, standIns) : {},
  };
}
