import { readLock, readManifest } from "../../../evidence/sbom/node-packages.ts";
import type { FoundPackage } from "./package-list.ts";

type Bare = Omit<FoundPackage, "path" | "installed">;

/** Which reader a file has, by its name; null for a file that names no packages. */
export function lockReader(path: string): ((text: string) => readonly Bare[]) | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (/(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@][^/]*\/package\.json$/.test(path)) return manifest;
  // What packages of others carry along for their own making says nothing about the release.
  if (/(?:^|\/)node_modules\/[^.]/.test(path)) return null;
  if (/^(?:package-lock|npm-shrinkwrap|\.package-lock)\.json$/.test(name)) return npmLock;
  if (name === "pnpm-lock.yaml") return pnpmLock;
  if (name === "yarn.lock") return yarnLock;
  if (/^requirements(?:[-_.][\w.-]+)?\.txt$/.test(name)) return requirements;
  if (name === "go.mod") return goMod;
  return null;
}

function npmLock(text: string): readonly Bare[] {
  const lock = readLock(text);
  if (!lock.ok) throw new Error(lock.problem);
  return [...lock.value.values()]
    .filter(({ version }) => version !== "")
    .map(({ name, version, dev, licences }) => npm(name, version, dev, licences));
}

function manifest(text: string): readonly Bare[] {
  const found = readManifest(text);
  return found === null ? [] : [npm(found.name, found.version, false, found.licences)];
}

function npm(
  name: string,
  version: string,
  development: boolean,
  licences: readonly string[] = [],
): Bare {
  const cut = licences.slice(0, 20).map((one) => one.slice(0, 1_000));
  return { ecosystem: "npm", name, version, development, licences: cut };
}

/**
 * pnpm's lock, versions 5 to 9, by the keys of its `packages`: `/a/1.0.0`, `/a@1.0.0(peer@2)`, `'@a/b@1.0.0'`.
 * Line by line: a YAML parser would resolve aliases for whoever wrote the file.
 */
function pnpmLock(text: string): readonly Bare[] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("packages:"));
  if (start < 0) {
    if (/^lockfileVersion:/m.test(text)) return [];
    throw new Error("it has no lockfileVersion and no packages");
  }
  const found: Bare[] = [];
  for (let at = start + 1; at < lines.length && !/^\S/.test(lines[at] ?? ""); at++) {
    const key = /^ {2}(['"]?)\/?([^\s'"]+)\1:\s*(?:\{.*)?$/.exec(lines[at] ?? "")?.[2];
    if (key === undefined) continue;
    const bare = key.replace(/\(.*$/, "");
    const [, name, version] =
      /^((?:@[^/@]+\/)?[^/@]+)@(.+)$/.exec(bare) ??
      /^((?:@[^/]+\/)?[^/]+)\/([^/_]+)/.exec(bare) ??
      [];
    if (name === undefined || version === undefined) continue;
    let development = false;
    for (let next = at + 1; /^ {4}/.test(lines[next] ?? ""); next++) {
      development ||= /^ {4}dev: true\s*$/.test(lines[next] ?? "");
    }
    found.push(npm(name, version, development));
  }
  return found;
}

/** Yarn's lock, classic (`"a@^1", a@~1:` and `version "1.0.0"`) and berry (`version: 1.0.0`). */
function yarnLock(text: string): readonly Bare[] {
  const found: Bare[] = [];
  let name: string | null = null;
  for (const line of text.split("\n")) {
    if (/^["\w@]/.test(line)) {
      name = /^"?((?:@[^/@\s]+\/)?[^@\s"/]+)@/.exec(line)?.[1] ?? null;
      if (/@(?:workspace|portal|link):/.test(line)) name = null;
      // `alias@npm:real@1`: the real one counts.
      name = /@npm:((?:@[^/@\s]+\/)?[^@\s"/]+)@/.exec(line)?.[1] ?? name;
    } else if (name !== null) {
      const version = /^ {2}version:? "?([^"\s]+)"?\s*$/.exec(line)?.[1];
      if (version !== undefined) {
        found.push(npm(name, version, false));
        name = null;
      }
    }
  }
  if (found.length === 0 && !/^# yarn lockfile|^__metadata:/m.test(text)) {
    throw new Error("it is no lock file of yarn");
  }
  return found;
}

/** Pinned ones only: what is not pinned can be any version, so the file was not examined. */
function requirements(text: string): readonly Bare[] {
  const found: Bare[] = [];
  const open: string[] = [];
  for (const line of text.replaceAll(/\\\r?\n/g, " ").split(/\r?\n/)) {
    const plain = line.replace(/(?:^|\s)#.*$/, "").trim();
    if (plain === "" || /^-{1,2}(?!r\b|-requirement\b)/.test(plain)) continue;
    const [, name, version] =
      /^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*([^\s;,]+)/.exec(plain) ?? [];
    if (name === undefined || version === undefined || version.includes("*")) open.push(plain);
    else found.push({ ecosystem: "PyPI", name, version, development: false, licences: [] });
  }
  if (open.length > 0) {
    throw new Error(
      `${open.length} of its packages are not pinned to a version: ${open[0]?.slice(0, 80)}`,
    );
  }
  return found;
}

/** The modules of the build list (since Go 1.17 go.mod names all of them). */
function goMod(text: string): readonly Bare[] {
  if (!/^module\s/m.test(text)) throw new Error("it names no module");
  const found: Bare[] = [];
  let block = false;
  for (const line of text.split(/\r?\n/)) {
    if (/^require\s*\($/.test(line.trim())) block = true;
    else if (line.trim() === ")") block = false;
    const [, name, version] = /^\s*(?:require\s+)?([^\s/]+\.[^\s]+)\s+(v[^\s]+)/.exec(line) ?? [];
    const asked = block || /^require\s/.test(line);
    if (!asked || name === undefined || version === undefined) continue;
    found.push({ ecosystem: "Go", name, version, development: false, licences: [] });
  }
  return found;
}
