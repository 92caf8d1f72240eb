import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AdvisorySnapshot } from "../../model/advisory.ts";

/** Which advisories count on this machine; null when none were imported. */
export function readSnapshot(checkData: string): AdvisorySnapshot | null {
  const file = join(checkData, "advisories", "current.json");
  return existsSync(file) ? AdvisorySnapshot.parse(JSON.parse(readFileSync(file, "utf8"))) : null;
}
