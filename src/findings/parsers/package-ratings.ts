import { cvssScore } from "../../model/cvss.ts";
import { type Observation, type Severity, severities } from "../../model/observation.ts";
import { severityOfScore } from "../observe.ts";

type Cvss = NonNullable<Observation["cvss"]>[number];

/** How bad one source says that a vulnerability is. */
export interface Rating {
  readonly word?: string | undefined;
  readonly score?: number | undefined;
  readonly vector?: string | undefined;
  /** As the report says it: `CVSSv31`, `3.1`, `OWASP`; a vector's own prefix is believed first. */
  readonly method?: string | undefined;
}

const words: ReadonlyMap<string, Severity> = new Map([
  ["critical", "critical"],
  ["defcon1", "critical"],
  ["high", "high"],
  ["important", "high"],
  ["medium", "medium"],
  ["moderate", "medium"],
  ["low", "low"],
  ["minor", "low"],
  ["negligible", "info"],
  ["none", "info"],
  ["info", "info"],
  ["information", "info"],
  ["informational", "info"],
]);

/** Words of databases and distributors of advisories; null for any other: nobody knows then, and it counts as critical. */
export function severityOfRating(word: string | undefined): Severity | null {
  return words.get((word ?? "").trim().toLowerCase()) ?? null;
}

/**
 * The worst that any source says, and every score by its version of CVSS. A word that nobody knows is passed over
 * where another source says one; where none does, the severity is null. What was rated by CVSS 2, whose scale is
 * another one, counts only where nothing newer does.
 */
export function rank(ratings: readonly Rating[]): {
  readonly severity: Severity | null;
  readonly cvss: Cvss[];
} {
  const scored = ratings.map((rating) => ({ rating, cvss: cvssOf(rating) }));
  const said = scored.map(({ rating, cvss }) => ({
    old: cvss?.version === "2.0",
    severity: severityOfRating(rating.word) ?? severityOfScore(cvss?.score ?? plainScore(rating)),
  }));
  const newer = said.filter(({ old, severity }) => !old && severity !== null);
  const counting = new Set((newer.length > 0 ? newer : said).map(({ severity }) => severity));
  const cvss = scored.flatMap((one) => one.cvss ?? []);
  const distinct = new Map(
    cvss.map((one) => [`${one.version} ${one.score} ${one.vector ?? ""}`, one]),
  );
  return {
    severity: severities.find((one) => counting.has(one)) ?? null,
    cvss: [...distinct.values()].toSorted(
      (one, other) => other.version.localeCompare(one.version) || other.score - one.score,
    ),
  };
}

/** A number of a scale that is not named is taken for CVSS's; one of another scale (OWASP, SSVC) says nothing here. */
function plainScore({ score, method }: Rating): number | undefined {
  return method === undefined || /cvss|^\d/i.test(method) ? score : undefined;
}

/** Null where it has no score: only the formulas of 3.0 and 3.1 give one from a vector alone. */
function cvssOf(rating: Rating): Cvss | undefined {
  const { method, vector: raw } = rating;
  const said = raw?.trim().replace(/^\((.*)\)$/, "$1") ?? "";
  const version = versionOf(said, method);
  if (version === undefined) return undefined;
  const vector =
    said === "" || version === "2.0" || said.startsWith("CVSS:") ? said : `CVSS:${version}/${said}`;
  const score = rating.score ?? cvssScore(vector) ?? undefined;
  if (score === undefined || !(score >= 0 && score <= 10)) return undefined;
  return { version, score, ...(vector === "" ? {} : { vector }) };
}

function versionOf(vector: string, method: string | undefined): Cvss["version"] | undefined {
  const prefix = /^CVSS:(\d\.\d)\//i.exec(vector)?.[1];
  if (prefix === "3.0" || prefix === "3.1" || prefix === "4.0") return prefix;
  // Of version 2 alone: Au, and no prefix.
  if (/(?:^|\/)Au:[MSN]/.test(vector)) return "2.0";
  if (/\/VC:[HLN]\//.test(vector)) return "4.0";
  const digits = /^(?:cvss)?[\s_]*v?[\s_]*([234])(?:[._]?([01]))?/i.exec(method ?? "");
  switch (digits?.[1]) {
    case "2":
      return "2.0";
    case "3":
      return digits[2] === "1" ? "3.1" : "3.0";
    case "4":
      return "4.0";
    default:
      return undefined;
  }
}
