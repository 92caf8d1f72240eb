import { z } from "zod";
import { type Advisory, type AdvisoryEvent, packageKey } from "../../model/advisory.ts";
import { cvssScore } from "../../model/cvss.ts";

/** An OSV record (schema 1.x), read loosely: only what a decision needs. */
const OsvRecord = z.object({
  id: z.string().min(1),
  modified: z.string(),
  withdrawn: z.string().nullish(),
  aliases: z.array(z.string()).nullish(),
  summary: z.string().nullish(),
  details: z.string().nullish(),
  severity: z.array(z.object({ type: z.string(), score: z.string() })).nullish(),
  database_specific: z.looseObject({}).nullish(),
  affected: z
    .array(
      z.object({
        package: z.object({ ecosystem: z.string(), name: z.string() }).nullish(),
        severity: z.array(z.object({ type: z.string(), score: z.string() })).nullish(),
        ranges: z
          .array(
            z.object({
              type: z.string(),
              events: z.array(
                z.object({
                  introduced: z.string().optional(),
                  fixed: z.string().optional(),
                  last_affected: z.string().optional(),
                  limit: z.string().optional(),
                }),
              ),
            }),
          )
          .nullish(),
        versions: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
});
type OsvRecord = z.infer<typeof OsvRecord>;

export type ReadRecord =
  | { readonly kind: "advisories"; readonly advisories: readonly Advisory[] }
  | { readonly kind: "withdrawn"; readonly modified: string }
  | { readonly kind: "unreadable"; readonly why: string };

/** One record gives one advisory for each package it affects. Commits of a repository (GIT) are no version. */
export function readOsvRecord(value: unknown): ReadRecord {
  const parsed = OsvRecord.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { kind: "unreadable", why: `${issue?.path.join(".")}: ${issue?.message}` };
  }
  const record = parsed.data;
  if (typeof record.withdrawn === "string" && record.withdrawn !== "") {
    return { kind: "withdrawn", modified: record.modified.slice(0, 40) };
  }
  const advisories = (record.affected ?? []).flatMap((affected): Advisory[] => {
    const { package: of } = affected;
    if (!of) return [];
    const ecosystem = of.ecosystem.replace(/:.*$/, "").slice(0, 64);
    return [
      {
        id: record.id.slice(0, 128),
        aliases: (record.aliases ?? []).slice(0, 64).map((one) => one.slice(0, 128)),
        summary: (record.summary ?? record.details ?? "").split("\n")[0]?.slice(0, 500) ?? "",
        score: scoreOf(record, affected.severity ?? []),
        cwe: cweOf(record),
        modified: record.modified.slice(0, 40),
        ecosystem,
        name: packageKey(ecosystem, of.name).slice(0, 512),
        ranges: (affected.ranges ?? [])
          .filter(({ type }) => type === "SEMVER" || type === "ECOSYSTEM")
          .slice(0, 500)
          .map(({ events }) => events.flatMap(toEvents).slice(0, 2_000)),
        versions: (affected.versions ?? []).slice(0, 20_000).map((one) => one.slice(0, 200)),
      },
    ];
  });
  return { kind: "advisories", advisories };
}

function toEvents(event: {
  introduced?: string | undefined;
  fixed?: string | undefined;
  last_affected?: string | undefined;
  limit?: string | undefined;
}): AdvisoryEvent[] {
  const cut = (value: string) => value.slice(0, 200);
  return [
    ...(event.introduced === undefined ? [] : [{ introduced: cut(event.introduced) }]),
    ...(event.fixed === undefined ? [] : [{ fixed: cut(event.fixed) }]),
    ...(event.last_affected === undefined ? [] : [{ lastAffected: cut(event.last_affected) }]),
    ...(event.limit === undefined ? [] : [{ limit: cut(event.limit) }]),
  ];
}

const words: Readonly<Record<string, number>> = {
  CRITICAL: 9.5,
  HIGH: 8,
  MODERATE: 5.5,
  MEDIUM: 5.5,
  LOW: 2.5,
};

/** A vector that we can compute, else the database's own word, else nothing. */
function scoreOf(
  record: OsvRecord,
  own: readonly { readonly type: string; readonly score: string }[],
): number | null {
  // The Open Source Vulnerabilities' malicious packages have no score and need none.
  if (record.id.startsWith("MAL-")) return 10;
  for (const { score } of [...own, ...(record.severity ?? [])]) {
    const computed = cvssScore(score);
    if (computed !== null) return computed;
  }
  const word = record.database_specific?.["severity"];
  return typeof word === "string" ? (words[word.toUpperCase()] ?? null) : null;
}

function cweOf(record: OsvRecord): number[] {
  const ids = record.database_specific?.["cwe_ids"];
  if (!Array.isArray(ids)) return [];
  return ids
    .map((id) => Number(/^CWE-(\d{1,5})$/.exec(String(id))?.[1]))
    .filter((id) => id > 0)
    .slice(0, 32);
}
