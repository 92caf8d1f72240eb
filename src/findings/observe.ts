import { createHmac, hash } from "node:crypto";
import {
  type Claim,
  type FindingKind,
  type Observation,
  type ObservationPlace,
  type Severity,
  severities,
} from "../model/observation.ts";

/** An observation as a parser finds it: any length, defaults left out. */
export interface Draft {
  readonly rule: string;
  /** Null: the tool should have said and did not, or said a word that nobody knows. It counts as critical. */
  readonly severity: Severity | null;
  /** False where the format has none and ours is a guess that errs on the bad side. */
  readonly severityStated?: boolean;
  readonly title?: string | undefined;
  readonly message?: string | undefined;
  readonly place: DraftPlace;
  readonly cwe?: readonly number[];
  readonly aliases?: readonly string[];
  readonly fixedIn?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly suppressed?: boolean;
  readonly unchanged?: boolean;
  /** Default: what its place says. */
  readonly kind?: FindingKind | undefined;
  readonly fingerprints?: Readonly<Record<string, string>> | undefined;
  readonly scope?: string | undefined;
  /** The code it points at, as the tool quotes it; only its digest is kept. */
  readonly snippet?: string | undefined;
  /** A secret's value, where the tool shows it whole: only its HMAC is kept, and without a key nothing. */
  readonly secretValue?: string | undefined;
  readonly cvss?: Observation["cvss"] | undefined;
  readonly reachable?: boolean | undefined;
  readonly references?: readonly string[] | undefined;
  readonly claim?: Claim | undefined;
}

/** What turns drafts into observations and is no parser's business. */
export interface Observing {
  /** Key for secrets' values; null: they are left out. */
  readonly secretKey: Uint8Array | null;
}

export type DraftPlace =
  | { readonly kind: "file"; readonly path: string; readonly line?: number | undefined }
  | {
      readonly kind: "package";
      readonly name: string;
      readonly version: string;
      readonly purl?: string | undefined;
      readonly path?: string | undefined;
    }
  | {
      readonly kind: "http";
      readonly method: string;
      readonly route: string;
      readonly parameter?: string | undefined;
    }
  | {
      readonly kind: "port";
      readonly host: string;
      readonly port: number;
      readonly protocol?: "tcp" | "udp";
    }
  | { readonly kind: "resource"; readonly name: string };

/** Makes a draft fit the model: texts cut, lists bounded, numbers that are none left out. */
export function observe(draft: Draft, { secretKey }: Observing = { secretKey: null }): Observation {
  const rule = clip(draft.rule, 512) || "unnamed";
  // A report's word such as `constructor` finds in a parser's table what everything has.
  const severity = severities.find((one) => one === draft.severity) ?? null;
  return {
    rule,
    severity: severity ?? "critical",
    severityStated: severity !== null && (draft.severityStated ?? true),
    title: clip(firstLine(draft.title ?? draft.message ?? ""), 512) || rule,
    message: clip(draft.message ?? "", 4_096),
    place: placeOf(draft.place),
    cwe: [...new Set(draft.cwe ?? [])].filter(isNatural).slice(0, 32),
    aliases: [...new Set((draft.aliases ?? []).map((alias) => clip(alias, 128)))].slice(0, 64),
    ...(draft.fixedIn === undefined ? {} : { fixedIn: clip(draft.fixedIn, 256) }),
    ...(draft.fingerprint === undefined ? {} : { fingerprint: clip(draft.fingerprint, 512) }),
    suppressed: draft.suppressed ?? false,
    unchanged: draft.unchanged ?? false,
    ...identityOf(draft, secretKey),
    ...rankOf(draft),
  };
}

/** What tells in the next scan that it is the same one. */
function identityOf(draft: Draft, secretKey: Uint8Array | null): Partial<Observation> {
  const { kind, fingerprints, scope, snippet, secretValue } = draft;
  const code = snippet?.replace(/\s+/g, "") ?? "";
  const kept = Object.entries(fingerprints ?? {}).slice(0, 16);
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(kept.length === 0
      ? {}
      : {
          fingerprints: Object.fromEntries(
            kept.map(([name, value]) => [clip(name, 128), clip(value, 512)]),
          ),
        }),
    ...(scope === undefined || scope === "" ? {} : { scope: clip(scope, 512) }),
    ...(code === "" ? {} : { context: hash("sha256", code) }),
    ...(secretKey === null || secretValue === undefined || secretValue === ""
      ? {}
      : { secret: createHmac("sha256", secretKey).update(secretValue).digest("hex") }),
  };
}

/** What says how bad it is, and what others say about it. */
function rankOf({ cvss, reachable, references, claim }: Draft): Partial<Observation> {
  const scores = (cvss ?? []).filter(({ score }) => score >= 0 && score <= 10).slice(0, 8);
  const links = (references ?? []).filter((link) => /^https?:\/\//i.test(link)).slice(0, 8);
  return {
    ...(scores.length === 0
      ? {}
      : {
          cvss: scores.map(({ version, score, vector }) => ({
            version,
            // What is next to nothing fits no column.
            score: Math.round(score * 100) / 100,
            ...(vector === undefined ? {} : { vector: clip(vector, 256) }),
          })),
        }),
    ...(reachable === undefined ? {} : { reachable }),
    ...(links.length === 0 ? {} : { references: links.map((link) => clip(link, 1_024)) }),
    ...(claim === undefined
      ? {}
      : {
          claim: {
            status: claim.status,
            ...(claim.justification === undefined
              ? {}
              : { justification: clip(claim.justification, 256) }),
            ...(claim.statement === undefined ? {} : { statement: clip(claim.statement, 1_024) }),
            ...(claim.by === undefined ? {} : { by: clip(claim.by, 256) }),
          },
        }),
  };
}

function placeOf(place: DraftPlace): ObservationPlace {
  switch (place.kind) {
    case "file":
      return {
        kind: "file",
        path: relativePath(place.path),
        ...(place.line !== undefined && isNatural(place.line) ? { line: place.line } : {}),
      };
    case "package":
      return {
        kind: "package",
        name: clip(place.name, 512),
        version: clip(place.version, 256),
        ...(place.purl === undefined ? {} : { purl: clip(place.purl, 1_024) }),
        ...(place.path === undefined ? {} : { path: relativePath(place.path) }),
      };
    case "http":
      return {
        kind: "http",
        method: clip(place.method.toUpperCase(), 32) || "GET",
        route: clip(place.route, 1_024) || "/",
        ...(place.parameter === undefined ? {} : { parameter: clip(place.parameter, 256) }),
      };
    case "port": {
      const port = Number.isInteger(place.port) ? Math.min(Math.max(place.port, 0), 65_535) : 0;
      return {
        kind: "port",
        host: clip(place.host, 256),
        port,
        protocol: place.protocol ?? "tcp",
      };
    }
    case "resource":
      return { kind: "resource", name: clip(place.name, 1_024) || "unnamed" };
  }
}

/** What tools write before a path relative to the scanned tree: `file:///`, `./`, `/`. */
function relativePath(path: string): string {
  const plain = path
    .replace(/^file:\/*/i, "")
    .replaceAll("\\", "/")
    .replace(/^(\.?\/)+/, "");
  return clip(plain, 1_024) || ".";
}

/** Whole characters, so that what is cut is still text. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text.toWellFormed();
  return text
    .slice(0, most)
    .replace(/[\uD800-\uDBFF]$/, "")
    .toWellFormed();
}

function firstLine(text: string): string {
  const end = text.search(/[\r\n]/);
  return (end < 0 ? text : text.slice(0, end)).trim();
}

/** As the database counts: no file has more lines. */
function isNatural(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value < 2 ** 31;
}

/**
 * A number like CVSS's (0 to 10) as a severity; null when it is none.
 * Source: the qualitative scale of CVSS v3.1 section 5, as SARIF's `security-severity` uses it.
 */
export function severityOfScore(score: unknown): Severity | null {
  const text = typeof score === "string" ? score.trim() : score;
  const value =
    typeof text === "number" ? text : typeof text === "string" && text !== "" ? Number(text) : NaN;
  if (!Number.isFinite(value) || value < 0) return null;
  if (value >= 9) return "critical";
  if (value >= 7) return "high";
  if (value >= 4) return "medium";
  return value > 0 ? "low" : "info";
}

/** `CWE-79`, `cwe/cwe-079`, `external/cwe/cwe-79` … in any of these texts. */
export function cweIn(texts: readonly string[]): readonly number[] {
  return texts.flatMap((text) =>
    [...text.slice(0, 512).matchAll(/cwe[-_:/ ]{1,2}0*(\d{1,5})/gi)].map((found) =>
      Number(found[1]),
    ),
  );
}

/**
 * A tool's word for a severity, by the table of its format (keys in lower case); null for one that nobody knows, and
 * for none: the hit then counts as critical. What every object has (`constructor`) is no word.
 */
export function severityOfWord(
  words: Readonly<Record<string, Severity>>,
  word: string | null | undefined,
): Severity | null {
  const key = (word ?? "").trim().toLowerCase();
  return Object.hasOwn(words, key) ? (words[key] ?? null) : null;
}

/** A score of CVSS with the version that its vector names, or `version`; nothing where no version is known. */
export function cvssOf(
  score: unknown,
  vector?: string | null,
  version?: string | null,
): NonNullable<Observation["cvss"]> {
  const named = /^CVSS:(\d\.\d)\//.exec(vector ?? "")?.[1] ?? version ?? "";
  const known = (["2.0", "3.0", "3.1", "4.0"] as const).find((one) => one === named);
  const value = typeof score === "string" && score !== "" ? Number(score) : score;
  if (known === undefined || typeof value !== "number" || !(value >= 0 && value <= 10)) return [];
  return [{ version: known, score: value, ...(vector ? { vector } : {}) }];
}

/** Hard-coded credentials, passwords and keys (CWE). */
const secretWeaknesses: ReadonlySet<number> = new Set([259, 321, 798]);

/**
 * The code that a tool quotes. Where the hit is a secret, the quotation holds the secret: then not even a plain digest
 * of it is kept, only one under the server's key.
 */
export function quoted(
  code: string | null | undefined,
  { secret = false, cwe = [] }: { secret?: boolean; cwe?: readonly number[] } = {},
): Pick<Draft, "kind" | "snippet" | "secretValue"> {
  if (secret || cwe.some((one) => secretWeaknesses.has(one)))
    return { kind: "secret", secretValue: code ?? undefined };
  return { snippet: code ?? undefined };
}

/** An image's name without tag and digest: these change with every release, and the image stays the same subject. */
export function imageName(reference: string): string {
  return reference.replace(/@[a-z0-9]+:[0-9a-f]+$/i, "").replace(/:[^/:]*$/, "");
}
