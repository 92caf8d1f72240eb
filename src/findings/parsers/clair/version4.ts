import { z } from "zod";
import type { Draft } from "../../observe.ts";
import { isRecord } from "../format.ts";
import { listOf, number, words } from "../lenient.ts";
import { namesIn } from "../package-names.ts";
import { type Rating, rank } from "../package-ratings.ts";
import { hit } from "./hit.ts";

/** Of version 4: `fixed_in_version` may be empty, or `0` of one that will not be repaired. */
const Vulnerability4 = z.object({
  name: words,
  updater: words,
  description: words,
  links: words,
  severity: words,
  normalized_severity: words,
  fixed_in_version: words,
});

const Package4 = z.object({
  name: words,
  version: words,
  package_db: words,
  arch: words,
  kind: words,
});

/** Enough for any image; each costs some hundred bytes. */
const mostKept = 100_000;

/** Packages and vulnerabilities stand apart from each other there, by their numbers. */
export function readVersion4(enrichments: Readonly<Record<string, unknown>> | null | undefined) {
  const packages = new Map<string, z.infer<typeof Package4>>();
  const vulnerabilities = new Map<string, z.infer<typeof Vulnerability4>>();
  const scores = enrichedScores(enrichments);
  let full = false;
  function keep<Value>(into: Map<string, Value>, key: string, value: Value): void {
    if (into.size >= mostKept) full = true;
    else into.set(key, value);
  }
  return {
    package: (key: string, value: unknown) => keep(packages, key, Package4.parse(value)),
    vulnerability: (key: string, value: unknown) =>
      keep(vulnerabilities, key, Vulnerability4.parse(value)),
    full: () => full,
    hits(key: string, ids: readonly string[]): readonly Draft[] {
      const found = packages.get(key);
      return [...new Set(ids)].map((id) => {
        const one = vulnerabilities.get(id);
        const word = [one?.severity, one?.normalized_severity].find(
          (each) => rank([{ word: each }]).severity !== null,
        );
        return hit({
          ids:
            namesIn(one?.name ?? "").length > 0
              ? namesIn(one?.name ?? "")
              : [one?.name ?? id, ...namesIn(one?.links ?? "").slice(0, 8)],
          ratings: [
            { word },
            ...(one?.severity === undefined ? [] : [{ vector: one.severity }]),
            ...(scores.get(id) ?? []),
          ],
          text: one?.description,
          links: [one?.links],
          name: found?.name ?? key,
          version: found?.version,
          namespace: namespaceOf(one?.updater),
          fixed: one?.fixed_in_version,
        });
      });
    },
  };
}

/** `debian/updater/bookworm`, `alpine-main-v3.18-updater`, `RHEL8-…`, `osv/pypi`. */
function namespaceOf(updater = ""): string {
  return /^(alpine|debian|ubuntu|rhel|oracle)/i.exec(updater)?.[1]?.toLowerCase() ?? "";
}

/** `enrichments`: by a media type, a list of objects from a vulnerability's number to its scores. */
function enrichedScores(
  enrichments: Readonly<Record<string, unknown>> | null | undefined,
): ReadonlyMap<string, readonly Rating[]> {
  const scores = new Map<string, Rating[]>();
  const Score = listOf(
    z.object({ version: words, vectorString: words, baseScore: number, baseSeverity: words }),
  );
  for (const [type, values] of Object.entries(enrichments ?? {})) {
    if (!/cvss/i.test(type) || !Array.isArray(values)) continue;
    for (const value of values.slice(0, 1_000)) {
      for (const [id, list] of isRecord(value) ? Object.entries(value) : []) {
        const read = Score.safeParse(list);
        if (!read.success) continue;
        const before = scores.get(id) ?? [];
        scores.set(id, before);
        for (const one of read.data.slice(0, 8)) {
          if (before.length < 16) {
            before.push({
              word: one.baseSeverity,
              score: one.baseScore,
              vector: one.vectorString,
              method: one.version,
            });
          }
        }
      }
    }
  }
  return scores;
}
