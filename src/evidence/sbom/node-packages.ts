import { z } from "zod";
import { bytesToHex } from "@noble/hashes/utils.js";
import { decodeBase64, utf8 } from "../bytes.ts";
import { readJson } from "../read-json.ts";
import type { Result } from "../result.ts";
import { good } from "../result.ts";
import type { Component } from "./component.ts";

/** What npm says of a service's packages: package-lock.json, and the package.json of what is installed. */

const Licence = z.union([z.string(), z.object({ type: z.string() })]).optional();

const LockEntry = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  integrity: z.string().optional(),
  license: Licence,
  dev: z.boolean().optional(),
  link: z.boolean().optional(),
});

interface OldDependency {
  readonly version?: string | undefined;
  readonly integrity?: string | undefined;
  readonly dev?: boolean | undefined;
  readonly dependencies?: Readonly<Record<string, OldDependency>> | undefined;
}
const OldDependency: z.ZodType<OldDependency> = z.object({
  version: z.string().optional(),
  integrity: z.string().optional(),
  dev: z.boolean().optional(),
  get dependencies() {
    return z.record(z.string(), OldDependency).optional();
  },
});

const Lock = z.object({
  lockfileVersion: z.int(),
  /** Versions 2 and 3. */
  packages: z.record(z.string(), LockEntry).optional(),
  /** Version 1. */
  dependencies: z.record(z.string(), OldDependency).optional(),
});

const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: Licence,
  licenses: z.array(z.object({ type: z.string() })).optional(),
});

export interface NodePackage extends Component {
  readonly dev: boolean;
}

/** Folder in the tree (`node_modules/a/node_modules/b`) to the package there, as the lock has it. */
export function readLock(text: string): Result<ReadonlyMap<string, NodePackage>> {
  const lock = readJson(utf8(text), Lock, "package-lock.json");
  if (!lock.ok) return lock;
  const found = new Map<string, NodePackage>();
  for (const [folder, entry] of Object.entries(lock.value.packages ?? {})) {
    const place = nameOf(folder);
    // The service's own folders (the root, workspaces) are no packages from elsewhere.
    if (place === null || entry.link === true) continue;
    const name = entry.name ?? place;
    found.set(folder, {
      ...component(name, entry.version ?? "", licencesOf(entry.license)),
      hashes: hashesOf(entry.integrity),
      dev: entry.dev === true,
    });
  }
  if (lock.value.packages === undefined) addOld(lock.value.dependencies ?? {}, "", found);
  return good(found);
}

function addOld(
  dependencies: Readonly<Record<string, OldDependency>>,
  parent: string,
  into: Map<string, NodePackage>,
): void {
  for (const [name, entry] of Object.entries(dependencies)) {
    const folder = `${parent}node_modules/${name}`;
    into.set(folder, {
      ...component(name, entry.version ?? "", []),
      hashes: hashesOf(entry.integrity),
      dev: entry.dev === true,
    });
    addOld(entry.dependencies ?? {}, `${folder}/`, into);
  }
}

/** An installed package by its own package.json; null for one that is none (a folder inside a package). */
export function readManifest(text: string): NodePackage | null {
  const manifest = readJson(utf8(text), Manifest, "package.json");
  if (!manifest.ok) return null;
  const { name, version, license, licenses } = manifest.value;
  const all = licencesOf(license);
  const licences = all.length > 0 ? all : (licenses ?? []).map(({ type }) => type).sort();
  return { ...component(name, version, licences), hashes: {}, dev: false };
}

function component(name: string, version: string, licences: readonly string[]) {
  const path = name
    .split("/")
    .map((part) => encodeURIComponent(part))
    .join("/");
  return { name, version, purl: `pkg:npm/${path}@${encodeURIComponent(version)}`, licences };
}

function licencesOf(licence: z.infer<typeof Licence>): readonly string[] {
  if (licence === undefined) return [];
  return [typeof licence === "string" ? licence : licence.type];
}

/** `node_modules/@a/b` in any depth gives `@a/b`; anything else is a workspace or a stray folder. */
export function nameOf(folder: string): string | null {
  return /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/@][^/]*)$/.exec(folder)?.[1] ?? null;
}

const algorithms = { sha1: "SHA-1", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };

/** Subresource integrity (`sha512-…`) of the package's archive, in hex. */
function hashesOf(integrity: string | undefined): Readonly<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const one of (integrity ?? "").split(/\s+/)) {
    const [, algorithm, text] = /^(sha1|sha256|sha384|sha512)-(.+)$/.exec(one) ?? [];
    const bytes = text === undefined ? null : decodeBase64(text);
    if (bytes !== null && algorithm !== undefined) {
      hashes[algorithms[algorithm as keyof typeof algorithms]] = bytesToHex(bytes);
    }
  }
  return hashes;
}
