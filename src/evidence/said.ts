import type { Digest } from "../model/primitives.ts";
import type { ReleaseRequirements } from "../model/producers.ts";
import type { ForeignResult } from "./foreign/result.ts";
import { matchesPattern } from "./pattern.ts";
import { type Word, wordOf } from "./predicates/denies.ts";
import { type AskedFor, madeFor, scopeProblem } from "./scope.ts";
import { subjectDigests } from "./statement.ts";

/** One statement that counts for a demand, or against it. */
export interface Said {
  /** For people: which piece. */
  readonly name: string;
  readonly producer: string;
  readonly predicateType: string;
  /** Of the release, what it speaks of. */
  readonly digests: readonly Digest[];
  readonly signer: string;
  readonly word: Word;
}

/** How far a producer's clock may be ahead of the database's. */
const skewMs = 5 * 60_000;

/** What a piece whose signature holds states about this release here; a string says why it counts for nothing. */
export function readSaid(
  name: string,
  { signed, signer }: Extract<ForeignResult, { kind: "verified" }>,
  of: {
    readonly producer: string;
    readonly demand: ReleaseRequirements["attestations"][number];
    readonly asked: AskedFor | null;
    readonly release: {
      readonly id: Digest;
      readonly artifacts: readonly { readonly digest: Digest }[];
    };
    readonly now: Date;
  },
): Said | string {
  const { producer, demand, asked, release, now } = of;
  if (signed.kind === "signature") return "it is a signature without a statement";
  const { statement } = signed;
  const { predicateType } = statement;
  if (!matchesPattern(predicateType, demand.predicateType)) return `it states ${predicateType}`;
  const mine = [release.id, ...release.artifacts.map(({ digest }) => digest)];
  const digests = subjectDigests(statement).filter((digest) => mine.includes(digest));
  if (digests.length === 0) return "it is about something else";
  const word = wordOf(statement);
  const said = { name, producer, predicateType, digests, signer, word };
  const made = madeFor(statement);
  // A failure of which nobody can say where it was found is one here too.
  if (!made.ok) return word.denied === null ? made.problem : said;
  const elsewhere = scopeProblem(made.value, release.id, demand, asked);
  if (elsewhere !== null) return elsewhere;
  if (word.denied === null && word.at !== null && word.at > now.getTime() + skewMs) {
    return "it says that it was made in the future";
  }
  return said;
}

/**
 * Whether the same producer said the opposite later, about the same and of the same check. Two words that do not
 * say when they were spoken have no order: the failure stays.
 */
export function isSuperseded(denial: Said, said: readonly Said[]): boolean {
  const { at, what } = denial.word;
  return said.some(
    ({ producer, predicateType, digests, word }) =>
      producer === denial.producer &&
      predicateType === denial.predicateType &&
      word.denied === null &&
      word.what === what &&
      at !== null &&
      word.at !== null &&
      word.at > at &&
      denial.digests.every((digest) => digests.includes(digest)),
  );
}
