import { createHash } from "node:crypto";
import type { Finding, FindingStatus, Fingerprint } from "../../model/finding.ts";
import type { Claim, Observation } from "../../model/observation.ts";

/** A finding with what documents for others want of it. */
export interface ExportedFinding extends Finding {
  readonly message: string;
  readonly fixedIn: string | null;
  readonly fingerprints: readonly Fingerprint[];
  readonly scope: string | null;
  readonly cvss: NonNullable<Observation["cvss"]>;
  readonly references: readonly string[];
  readonly knownExploited: boolean | null;
  readonly epss: number | null;
  /** Why it is false, where its status says so. */
  readonly falsePositive: { readonly reason: string; readonly by: string } | null;
  /** A statement of an issuer whom the policy trusts; null where there is none. */
  readonly claim: Claim | null;
  /** Environments in which a release with it is live. */
  readonly liveIn: readonly string[];
  /** Where its risk is accepted now. */
  readonly accepted: readonly AcceptedThere[];
}

/** An accepted risk in one environment. */
export interface AcceptedThere {
  readonly waiver: string;
  readonly environment: string;
  /** Null: of any release that has it. */
  readonly release: string | null;
  readonly reason: string;
  readonly control: string;
  /** RFC 3339. */
  readonly until: string;
}

/** What the document is about, and who writes it when: of the same findings it makes the same text. */
export interface About {
  readonly service: string;
  /** What the statements are true of; null: of the service, whatever is released. */
  readonly release: { readonly id: string; readonly version: string | null } | null;
  /** Whose findings it lists; null or absent: of every environment. */
  readonly environment?: string | null;
  /** RFC 3339. */
  readonly at: string;
  /** Tidelock's own. */
  readonly version: string;
  /** Who states it: an organisation's name, an address. */
  readonly author: string;
}

export type Exporter = (
  findings: AsyncIterable<ExportedFinding>,
  about: About,
) => AsyncIterable<string>;

/** As `FindingView` (api/finding-views.ts) has it, which this part does not know. */
interface Seen extends Finding {
  readonly message: string;
  readonly fixedIn: string | null;
  readonly fingerprints: readonly Fingerprint[];
  readonly knownExploited: boolean | null;
  readonly epss: number | null;
  readonly liveIn: readonly string[];
  readonly accepted: readonly AcceptedThere[];
  readonly observations: readonly { readonly observation: Observation }[];
  readonly history: readonly {
    readonly to: FindingStatus | null;
    readonly by: string;
    readonly text: string;
  }[];
  readonly claims: readonly {
    readonly status: string;
    readonly justification: string;
    readonly by: string;
    readonly trusted: boolean;
  }[];
}

const claimWords: ReadonlySet<string> = new Set<Claim["status"]>([
  "affected",
  "under-investigation",
  "not-affected",
  "fixed",
  "false-positive",
]);

/** Out of what the API shows of one finding; the newest observation and the last word of its history count. */
export function exportedOf(view: Seen): ExportedFinding {
  const newest = view.observations[0]?.observation;
  const doubted = view.history.findLast(({ to }) => to === "false-positive");
  const claim = view.claims.findLast(({ trusted, status }) => trusted && claimWords.has(status));
  return {
    ...view,
    scope: newest?.scope ?? null,
    cvss: newest?.cvss ?? [],
    references: newest?.references ?? [],
    falsePositive:
      view.status === "false-positive"
        ? { reason: doubted?.text ?? "", by: doubted?.by ?? "" }
        : null,
    claim:
      claim === undefined
        ? null
        : {
            status: claim.status as Claim["status"],
            ...(claim.justification === "" ? {} : { justification: claim.justification }),
            ...(claim.by === "" ? {} : { by: claim.by }),
          },
  };
}

/** It is not there any more, in a release that was scanned. */
export function isGone({ status }: Finding): boolean {
  return status === "verified" || status === "closed";
}

/** What says of a finding that it is no hit; null of one that is. */
export function statementOf(finding: ExportedFinding): Claim | null {
  if (isGone(finding)) return { status: "fixed" };
  if (finding.status !== "false-positive") return null;
  const { reason = "", by = "" } = finding.falsePositive ?? {};
  return {
    status: "false-positive",
    ...(reason === "" ? {} : { statement: reason }),
    ...(by === "" ? {} : { by }),
  };
}

/**
 * The accepted risks by which it is accepted wherever the document speaks of: in its environment, or in each in which
 * the finding is live or that it is bound to. Empty where one of them is missing: what is accepted in one place is
 * not accepted everywhere, and a reader of the document could not tell.
 */
export function acceptedIn(finding: ExportedFinding, about: About): readonly AcceptedThere[] {
  const { accepted, liveIn, environment } = finding;
  const named = about.environment ?? environment;
  const places = named === null ? liveIn : [named];
  const release = about.release?.id ?? null;
  const found = places.map((place) =>
    accepted.find(
      (one) => one.environment === place && (one.release === null || one.release === release),
    ),
  );
  const all = found.filter((one) => one !== undefined);
  return all.length < places.length ? [] : all;
}

/** Accepted risks in a sentence each. */
export function acceptedText(risks: readonly AcceptedThere[]): string {
  return risks
    .map(
      ({ waiver, environment, reason, until }) =>
        `${reason} (risk accepted in ${environment} until ${until} by ${waiver})`,
    )
    .join("; ");
}

/** One value an algorithm, in the order of the names: two documents of the same findings are the same text. */
export function fingerprintsOf({ fingerprints }: ExportedFinding): Record<string, string> {
  const sorted = fingerprints.toSorted(
    (one, other) => compare(one.algorithm, other.algorithm) || compare(one.value, other.value),
  );
  const kept = new Map<string, string>();
  for (const { algorithm, value } of sorted) {
    if (!kept.has(algorithm)) kept.set(algorithm, value);
  }
  return Object.fromEntries(kept);
}

/** By code units, not by what language the machine speaks. */
export function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Name space of the ids of our documents. */
const nameSpace = Buffer.from("6f1d9c0a54e14b6e8d3c2f7a90b1e5d4", "hex");

/** The same for the same words (RFC 9562, version 5: SARIF's schema takes none above it). */
export function uuidOf(...words: readonly (string | null)[]): string {
  const name = Buffer.concat([nameSpace, Buffer.from(JSON.stringify(words))]);
  const hash = createHash("sha1").update(name).digest("hex");
  const variant = ((Number.parseInt(hash.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `5${hash.slice(13, 16)}`,
    `${variant}${hash.slice(18, 20)}`,
    hash.slice(20, 32),
  ].join("-");
}

/** Package URL of what is released: there is no registry of it, so its type is `generic`. */
export function productOf({ service, release }: About): string {
  const version = release?.version ?? null;
  const name = `pkg:generic/${encodeURIComponent(service)}`;
  const versioned = version === null ? name : `${name}@${encodeURIComponent(version)}`;
  return release === null ? versioned : `${versioned}?checksum=${encodeURIComponent(release.id)}`;
}
