import canonicalize from "canonicalize";
import type { Digest } from "../../model/primitives.ts";
import { digestBytes, hexOf, utf8 } from "../bytes.ts";
import { good, type Result } from "../result.ts";
import { byName } from "./component.ts";
import { nameOf, type NodePackage, readLock, readManifest } from "./node-packages.ts";

/** What of a release's tree the generator looks at. */
export interface NodeTree {
  /** Text of `package-lock.json`, or of `node_modules/.package-lock.json` when there is no other. */
  readonly lock: string | null;
  /** Path to text of each `package.json` below `node_modules`. */
  readonly manifests: ReadonlyMap<string, string>;
}

/** Whether a file of a release's tree is one that `generateSbom` wants. */
export function isSbomInput(path: string): boolean {
  if (path === "package-lock.json" || path === "node_modules/.package-lock.json") return true;
  return path.endsWith("/package.json") && nameOf(path.slice(0, -"/package.json".length)) !== null;
}

/**
 * A CycloneDX 1.6 SBOM of a Node service: what is installed in `node_modules`, else what its lock asks for
 * without development. The same tree gives the same bytes: no clock, no random number. Null for a tree
 * that has neither. Packages that a bundler has melted into one file are not seen, and the SBOM says what
 * it was made from.
 */
export function generateSbom(
  of: {
    readonly name: string;
    readonly version: string;
    readonly release: Digest;
    readonly artifact: Digest;
  },
  tree: NodeTree,
): Result<Uint8Array | null> {
  if (tree.lock === null && tree.manifests.size === 0) return good(null);
  const lock = tree.lock === null ? good(new Map<string, NodePackage>()) : readLock(tree.lock);
  if (!lock.ok) return lock;
  const installed = [...tree.manifests].flatMap(([path, text]) => {
    const found = readManifest(text);
    if (found === null) return [];
    const locked = lock.value.get(path.slice(0, -"/package.json".length));
    const same = locked?.version === found.version && locked.name === found.name;
    return [same ? { ...found, hashes: locked.hashes } : found];
  });
  const source = installed.length > 0 ? "node_modules" : "package-lock.json";
  const packages =
    installed.length > 0 ? installed : [...lock.value.values()].filter(({ dev }) => !dev);
  const root = `${of.name}@${of.version}`;
  const content = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      tools: { components: [{ type: "application", name: "tidelock" }] },
      component: {
        type: "application",
        "bom-ref": root,
        name: of.name,
        version: of.version,
        hashes: [{ alg: "SHA-256", content: hexOf(of.artifact) }],
      },
      properties: [
        { name: "tidelock:release", value: of.release },
        { name: "tidelock:source", value: source },
      ],
    },
    components: unique(packages).map(toComponent),
  };
  const serial = uuid(digestBytes(utf8(canonicalize(content) ?? "")));
  return good(utf8(`${canonicalize({ ...content, serialNumber: `urn:uuid:${serial}` })}\n`));
}

/** One package in several places is one component. */
function unique(packages: readonly NodePackage[]): readonly NodePackage[] {
  const byPurl = new Map<string | null, NodePackage>();
  for (const found of [...packages].sort(byName)) {
    const before = byPurl.get(found.purl);
    const known = before && Object.keys(before.hashes).length > 0;
    if (!known) byPurl.set(found.purl, found);
  }
  return [...byPurl.values()];
}

function toComponent({ name, version, purl, licences, hashes }: NodePackage) {
  const slash = name.indexOf("/");
  const named = slash < 0 ? { name } : { group: name.slice(0, slash), name: name.slice(slash + 1) };
  return {
    type: "library",
    "bom-ref": purl,
    ...named,
    version,
    purl,
    ...(licences.length === 0 ? {} : { licenses: licensesOf(licences) }),
    ...(Object.keys(hashes).length === 0
      ? {}
      : {
          hashes: Object.entries(hashes)
            .sort()
            .map(([alg, content]) => ({ alg, content })),
        }),
  };
}

/** Identifiers that are in the SPDX list for certain; CycloneDX takes no other as an `id`. */
const known = new Set(
  "0BSD AFL-2.1 Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSL-1.0 BlueOak-1.0.0 CC-BY-3.0 CC-BY-4.0 CC0-1.0 EPL-2.0 ISC MIT MIT-0 MPL-2.0 PostgreSQL Python-2.0 Unlicense WTFPL Zlib AGPL-3.0-only AGPL-3.0-or-later GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later".split(
    " ",
  ),
);

/** An expression stands alone in CycloneDX; whatever is not in the SPDX list is a name. */
function licensesOf(licences: readonly string[]) {
  const [first = ""] = licences;
  if (licences.length === 1 && / (?:OR|AND|WITH) /.test(first)) return [{ expression: first }];
  return licences.map((text) => ({ license: known.has(text) ? { id: text } : { name: text } }));
}

/** RFC 9562 version 8: from a digest, as there is nothing random here. */
function uuid(digest: Digest): string {
  const hex = hexOf(digest);
  const variant = ((Number.parseInt(hex[16] ?? "0", 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
