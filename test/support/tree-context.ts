import { createHash } from "node:crypto";
import { encodeTree } from "../../src/tree/pack-tree.ts";
import { comparePaths, type TreeEntry } from "../../src/tree/tree-entry.ts";
import type { CheckContext } from "../../src/ports/check.ts";
import { checkContext } from "./check-context.ts";

export interface TestTree {
  readonly tree: string;
  readonly readTree: () => AsyncIterable<Uint8Array>;
}

/** A release's tree out of paths and contents; `{ link: target }` is a symbolic link. */
export async function treeOf(
  files: Readonly<Record<string, string | Buffer | { readonly link: string }>>,
): Promise<TestTree> {
  const entries = new Map<string, TreeEntry>();
  const bytes = new Map<string, Buffer>();
  for (const [path, content] of Object.entries(files)) {
    const names = path.split("/");
    for (let i = 1; i < names.length; i++) {
      const folder = names.slice(0, i).join("/");
      entries.set(folder, { kind: "directory", path: folder });
    }
    if (typeof content === "object" && "link" in content) {
      entries.set(path, { kind: "symlink", path, target: content.link });
      continue;
    }
    const data = Buffer.from(content);
    bytes.set(path, data);
    entries.set(path, { kind: "file", path, executable: false, size: data.length });
  }
  const sorted = [...entries.values()].sort((a, b) => comparePaths(a.path, b.path));
  const parts: Buffer[] = [];
  for await (const part of encodeTree(sorted, async function* ({ path }) {
    yield bytes.get(path) ?? Buffer.alloc(0);
  })) {
    parts.push(Buffer.from(part));
  }
  const whole = Buffer.concat(parts);
  return {
    tree: `sha256:${createHash("sha256").update(whole).digest("hex")}`,
    readTree: async function* () {
      for (let at = 0; at < whole.length; at += 65_536) yield whole.subarray(at, at + 65_536);
    },
  };
}

/** A context of a check that reads a release with these files. */
export async function treeContext(
  files: Parameters<typeof treeOf>[0],
  change: Partial<CheckContext> = {},
): Promise<CheckContext> {
  return checkContext({ ...(await treeOf(files)), timeoutMs: 60_000, ...change });
}

export interface SarifHit {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly severity: number;
  readonly message: string;
  readonly fingerprint: string;
  readonly baseline: string | undefined;
  readonly name: string | undefined;
}

/** The results of a SARIF report in one flat form. */
export function sarifHits(raw: { readonly text: string } | undefined): SarifHit[] {
  const document = JSON.parse(raw?.text ?? '{"runs":[]}') as {
    runs: { results: Record<string, never>[] }[];
  };
  return (document.runs[0]?.results ?? []).map((result) => {
    const one = result as unknown as {
      ruleId: string;
      message: { text: string };
      locations: {
        physicalLocation?: { artifactLocation: { uri: string }; region?: { startLine: number } };
        logicalLocations?: { fullyQualifiedName: string }[];
      }[];
      partialFingerprints: Record<string, string>;
      properties: { "security-severity": string };
      baselineState?: string;
    };
    const place = one.locations[0];
    return {
      rule: one.ruleId,
      message: one.message.text,
      path: place?.physicalLocation?.artifactLocation.uri ?? "",
      line: place?.physicalLocation?.region?.startLine ?? 0,
      name: place?.logicalLocations?.[0]?.fullyQualifiedName,
      severity: Number(one.properties["security-severity"]),
      fingerprint: Object.values(one.partialFingerprints)[0] ?? "",
      baseline: one.baselineState,
    };
  });
}
