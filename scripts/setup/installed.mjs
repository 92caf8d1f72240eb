import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Changes whenever an installation made before may no longer be right here. */
export function lockFingerprint(root) {
  const hash = createHash("sha256").update(readFileSync(join(root, "package-lock.json")));
  return `${hash.digest("hex")} ${process.platform}-${process.arch}\n`;
}

/** Whether node_modules already holds what package-lock.json asks for, e.g. after somebody's `npm install`. */
export function installedMatchesLock(root) {
  const wanted = packages(join(root, "package-lock.json"));
  const have = packages(join(root, "node_modules", ".package-lock.json"));
  if (!wanted || !have) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith("node_modules/")) return true;
    const installed = have[path];
    // Optional packages for other platforms are rightly absent.
    if (!installed) return entry.optional === true;
    const same = installed.version === entry.version && installed.integrity === entry.integrity;
    return same && existsSync(join(root, path));
  });
}

/** npm writes node_modules/.package-lock.json as its last act, so an interrupted install has none. */
function packages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return null;
  }
}
