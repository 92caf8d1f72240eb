import type { Digest } from "../model/primitives.ts";
import type { Producer, ReleaseRequirements } from "../model/producers.ts";
import type { ForeignResult, Signed } from "./foreign/result.ts";
import { verifyForeign } from "./foreign/verify.ts";
import { matchesPattern } from "./pattern.ts";
import { whatItDenies } from "./predicates/denies.ts";
import { checkProvenance } from "./predicates/provenance.ts";
import { releaseSignature } from "./predicates/release-signature.ts";
import { bad, good, type Result } from "./result.ts";
import { isSbomPredicate, readSbom, sbomOfStatement } from "./sbom/read.ts";
import type { Sbom } from "./sbom/component.ts";
import { isSuperseded, readSaid, type Said } from "./said.ts";
import type { AskedFor } from "./scope.ts";
import { subjectDigests } from "./statement.ts";

/** Adapts foreign formats with Node's own cryptography: not for browsers. */

/** What a release is made of, as far as evidence can be about it. */
export interface ReleaseIdentity {
  readonly id: Digest;
  readonly artifacts: readonly { readonly name: string; readonly digest: Digest }[];
}

type AttestationDemand = ReleaseRequirements["attestations"][number];

/** Something that was handed in: an envelope, a bundle, a signature, an SBOM. */
export interface Material {
  /** For people: a file's name, or the beginning of a digest. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export type Asked = "signature" | "provenance" | "sbom" | "attestation";

export interface Checked {
  readonly asked: Asked;
  readonly met: boolean;
  /** Who signed what, or why none of what is there counts. */
  readonly message: string;
  /** The SLSA build level that a met demand for provenance earns; null without one. */
  readonly level: 1 | 2 | 3 | null;
}

/** Says what a verified piece covers, or why it does not answer this demand. */
type Select = (signed: Signed) => Result<readonly Digest[]>;

/**
 * Holds what is there against what is demanded; one answer for each demand, in the demands' order. Absence
 * never passes. What nobody trusted has signed counts for nothing, whatever it says.
 *
 * @param now judges certificates that no time stamp covers
 * @param asked the environment for which it is demanded; null when nothing says so
 */
export function checkRelease(
  release: ReleaseIdentity,
  material: readonly Material[],
  requirements: ReleaseRequirements,
  now: Date,
  asked: AskedFor | null,
): readonly Checked[] {
  const look = new Look(release, material, requirements.producers, now);
  const { signature, provenance, sbom, attestations } = requirements;
  return [
    ...signature.map(({ by }) => look.demand("signature", by, "a signature", selectSignature)),
    ...provenance.map((demand) => {
      const select: Select = (signed) => selectProvenance(signed, demand);
      const found = look.demand("provenance", demand.by, `provenance by ${demand.builder}`, select);
      return { ...found, level: found.met ? levelOf(demand.level) : null };
    }),
    ...(sbom === undefined ? [] : [look.sbom(sbom.by)]),
    ...attestations.map((demand) => look.attestation(demand, asked)),
  ];
}

class Look {
  readonly #release: ReleaseIdentity;
  readonly #material: readonly Material[];
  readonly #producers: Readonly<Record<string, Producer>>;
  readonly #now: Date;
  readonly #known = new Map<string, ForeignResult>();

  constructor(
    release: ReleaseIdentity,
    material: readonly Material[],
    producers: Readonly<Record<string, Producer>>,
    now: Date,
  ) {
    this.#release = release;
    this.#material = material;
    this.#producers = producers;
    this.#now = now;
  }

  /** Met when what one producer of `by` has signed covers the release or every artifact of it. */
  demand(asked: Asked, by: readonly string[], what: string, select: Select): Checked {
    const against: string[] = [];
    for (const name of by) {
      if (!Object.hasOwn(this.#producers, name)) {
        against.push(`the producer ${name} is not among \`producers\``);
        continue;
      }
      const covered = new Set<Digest>();
      const signers = new Set<string>();
      for (const piece of this.#material) {
        const found = this.#piece(name, piece, select);
        if (found === null) continue;
        if (!found.ok) {
          against.push(`${piece.name}: ${found.problem}`);
          continue;
        }
        for (const digest of found.value.digests) covered.add(digest);
        signers.add(found.value.signer);
      }
      const uncovered = this.#uncovered(covered);
      if (uncovered === null) {
        return answer(asked, true, `${what} by ${name}: ${[...signers].join("; ")}`);
      }
      if (covered.size > 0) against.push(`by ${name}, but not about ${uncovered}`);
    }
    const why = against.length === 0 ? "none is there" : against.slice(0, 5).join("; ");
    return answer(asked, false, `${what} by ${by.join(" or ")}: ${why}`);
  }

  /**
   * Met when one producer of `by` has stated it about all, for the environment that is asked about, and none of
   * them has stated the contrary: of two words about one thing a failure counts, unless the same producer said the
   * opposite later. Who handed in what, and in which order, does not matter.
   */
  attestation(demand: AttestationDemand, asked: AskedFor | null): Checked {
    const { predicateType, by } = demand;
    const what = `a statement of ${predicateType}`;
    const against: string[] = [];
    const said = by.flatMap((producer) => this.#said(producer, demand, asked, against));
    const denial = said.find((one) => one.word.denied !== null && !isSuperseded(one, said));
    if (denial !== undefined) {
      const { name, producer, word } = denial;
      const message = `${what} by ${by.join(" or ")}: ${name} by ${producer}: ${word.denied}; only a later statement of the same producer takes that back`;
      return answer("attestation", false, message);
    }
    for (const producer of by) {
      const good = said.filter((one) => one.producer === producer && one.word.denied === null);
      const uncovered = this.#uncovered(new Set(good.flatMap(({ digests }) => digests)));
      if (uncovered === null) {
        const signers = new Set(good.map(({ signer }) => signer));
        return answer("attestation", true, `${what} by ${producer}: ${[...signers].join("; ")}`);
      }
      if (good.length > 0) against.push(`by ${producer}, but not about ${uncovered}`);
    }
    const why = against.length === 0 ? "none is there" : against.slice(0, 5).join("; ");
    return answer("attestation", false, `${what} by ${by.join(" or ")}: ${why}`);
  }

  /** What one producer states about this release, of the demanded kind and for where it is demanded. */
  #said(
    producer: string,
    demand: AttestationDemand,
    asked: AskedFor | null,
    against: string[],
  ): readonly Said[] {
    if (!Object.hasOwn(this.#producers, producer)) {
      against.push(`the producer ${producer} is not among \`producers\``);
      return [];
    }
    return this.#material.flatMap((piece): readonly Said[] => {
      const result = this.#verified(producer, piece);
      if (result.kind === "not-mine") return [];
      const of = { producer, demand, asked, release: this.#release, now: this.#now };
      const said = result.kind === "refused" ? result.problem : readSaid(piece.name, result, of);
      if (typeof said !== "string") return [said];
      against.push(`${piece.name}: ${said}`);
      return [];
    });
  }

  /** Signed by one of `by`, or, without anybody named, one that is there and fits. */
  sbom(by: readonly string[] | undefined): Checked {
    if (by !== undefined) return this.demand("sbom", by, "an SBOM", selectSbom);
    const against: string[] = [];
    for (const { name, bytes } of this.#material) {
      const sbom = readSbom(bytes);
      if (!sbom.ok) continue;
      const problem = this.#sbomProblem(sbom.value);
      if (problem === null) {
        const { components, format, formatVersion } = sbom.value;
        const text = `an SBOM (${format} ${formatVersion}, ${components.length} components, unsigned)`;
        return answer("sbom", true, `${text}: ${name}`);
      }
      against.push(`${name}: ${problem}`);
    }
    return answer("sbom", false, `an SBOM: ${against.join("; ") || "none is there"}`);
  }

  /** One that names its subject has to name this one; one that lists nothing has to say of what. */
  #sbomProblem({ subject, components }: Sbom): string | null {
    const digests = subject?.digests ?? [];
    if (digests.length === 0) {
      return components.length > 0 ? null : "it lists nothing, and does not say of what";
    }
    const mine = [this.#release.id, ...this.#release.artifacts.map(({ digest }) => digest)];
    return digests.some((digest) => mine.includes(digest)) ? null : "it is about something else";
  }

  #piece(
    producer: string,
    piece: Material,
    select: Select,
  ): Result<{ digests: readonly Digest[]; signer: string }> | null {
    const result = this.#verified(producer, piece);
    if (result.kind === "not-mine") return null;
    if (result.kind === "refused") return bad(result.problem);
    const selected = select(result.signed);
    return selected.ok ? good({ digests: selected.value, signer: result.signer }) : selected;
  }

  #verified(name: string, piece: Material): ForeignResult {
    const key = `${name}\0${this.#material.indexOf(piece)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const producer = this.#producers[name];
    const result: ForeignResult =
      producer === undefined
        ? { kind: "not-mine" }
        : verifyForeign(piece.bytes, producer, this.#now);
    this.#known.set(key, result);
    return result;
  }

  /** Null when the release is covered, else what is not. */
  #uncovered(covered: ReadonlySet<Digest>): string | null {
    if (covered.has(this.#release.id)) return null;
    const { artifacts } = this.#release;
    if (artifacts.length === 0) return "the release";
    const missing = artifacts.find(({ digest }) => !covered.has(digest));
    return missing === undefined ? null : `artifact ${missing.name} (${missing.digest})`;
  }
}

function answer(asked: Asked, met: boolean, message: string): Checked {
  return { asked, met, message, level: null };
}

function levelOf(level: number | undefined): Checked["level"] {
  return level === 1 || level === 2 || level === 3 ? level : null;
}

function selectSignature(signed: Signed): Result<readonly Digest[]> {
  if (signed.kind === "signature") return good([signed.digest]);
  return selectPredicate(signed, releaseSignature.type);
}

function selectPredicate(signed: Signed, predicateType: string): Result<readonly Digest[]> {
  if (signed.kind === "signature") return bad("it is a signature without a statement");
  const found = signed.statement.predicateType;
  if (!matchesPattern(found, predicateType)) return bad(`it states ${found}`);
  const denied = whatItDenies(signed.statement);
  return denied === null ? good(subjectDigests(signed.statement)) : bad(`${found}: ${denied}`);
}

function selectProvenance(
  signed: Signed,
  demand: ReleaseRequirements["provenance"][number],
): Result<readonly Digest[]> {
  if (signed.kind === "signature") return bad("it is a signature without a statement");
  const found = checkProvenance(signed.statement, demand);
  return found.ok ? good(subjectDigests(signed.statement)) : found;
}

function selectSbom(signed: Signed): Result<readonly Digest[]> {
  if (signed.kind === "signature") return bad("it is a signature without a statement");
  const { predicateType } = signed.statement;
  if (!isSbomPredicate(predicateType)) return bad(`it states ${predicateType}`);
  const sbom = sbomOfStatement(signed.statement);
  return sbom.ok ? good(subjectDigests(signed.statement)) : sbom;
}
