import { z } from "zod";
import { Colour, Digest, Name } from "./primitives.ts";

/**
 * Who may state something about a release, and what has to be stated before an environment takes it. Given
 * by an environment's owners (`spec.requires`) or in a file (`--trust`); nothing that is verified may add
 * to it.
 */

/** `*` stands for any characters; everything else is itself. */
const Pattern = z.string().min(1).max(2_048);
const Pem = z.string().max(65_536);
const most = 64;

export const Producer = z.discriminatedUnion("type", [
  /** DSSE envelopes signed with given keys. */
  z.strictObject({
    type: z.literal("key"),
    /** PEM, `BEGIN PUBLIC KEY`: Ed25519, ECDSA P-256 or P-384. */
    keys: z.array(Pem).min(1).max(most),
    /** How many different keys must have signed. */
    threshold: z.int().positive().default(1),
  }),
  /** Sigstore bundles, verified offline with this trusted root. */
  z.strictObject({
    type: z.literal("sigstore"),
    /** The trusted root as Sigstore publishes it (`trusted_root.json`). */
    trustedRoot: z.record(z.string(), z.unknown()),
    /** Who signed, as the certificate says: keyless signing. */
    identity: z.strictObject({ issuer: z.string().min(1), subject: Pattern }).optional(),
    /** Or whose key signed; the bundle then has no certificate. */
    keys: z.array(Pem).min(1).max(most).optional(),
  }),
  /** CMS signatures (`.p7s`) by a code-signing certificate. */
  z.strictObject({
    type: z.literal("x509"),
    /** PEM certificates to which the signer's must lead. */
    roots: z.array(Pem).min(1).max(most),
    intermediates: z.array(Pem).max(most).default([]),
    /** What the signer's subject must say, attribute by attribute: `{O: "Acme", CN: "Acme Release *"}`. */
    subject: z
      .record(z.string().regex(/^[A-Za-z0-9.]+$/), Pattern)
      .refine((named) => Object.keys(named).length > 0, "name at least one attribute"),
    /** PEM certificates of time-stamping authorities (RFC 3161). Without one, certificates must be valid now. */
    timestampRoots: z.array(Pem).max(most).default([]),
  }),
]);
export type Producer = z.infer<typeof Producer>;

/** Names of producers, each as good as the others. */
export const By = z.array(Name).min(1).max(most);

/** Producers by the names under which demands refer to them. */
export const Producers = z
  .record(Name, Producer)
  .refine((named) => Object.keys(named).length <= most, `there can be at most ${most} producers`);

const fields = {
  producers: Producers.default({}),
  /** Each entry: a signature over the release or all its artifacts by one of these producers. */
  signature: z
    .array(z.strictObject({ by: By }))
    .max(most)
    .default([]),
  /** Each entry: SLSA provenance v1 by this builder, signed by one of these producers. */
  provenance: z
    .array(
      z.strictObject({
        by: By,
        builder: Pattern,
        buildType: Pattern.optional(),
        /** Of `resolvedDependencies[].uri`. */
        source: Pattern.optional(),
        /** The SLSA build level that the owners grant this builder; without one, none is claimed. */
        level: z.int().min(1).max(3).optional(),
      }),
    )
    .max(most)
    .default([]),
  /** An SBOM for each artifact; `by` asks for a signed one, and without it any will do. */
  sbom: z.strictObject({ by: By.optional() }).optional(),
  /** Each entry: an attestation of this predicate type by one of these producers. */
  attestations: z
    .array(
      z.strictObject({
        predicateType: Pattern,
        by: By,
        /**
         * Where it has to be made. Without it: in the environment that demands it, for statements that name one
         * (Tidelock's own, verification summaries), with its colour and configuration where they stand in it.
         */
        environment: Name.optional(),
        colour: Colour.optional(),
        configuration: Digest.optional(),
      }),
    )
    .max(most)
    .default([]),
};

/** Each name under `by` stands under `producers`: a demand that nobody can meet is a mistake in writing. */
function refuseUnknown(
  given: z.output<z.ZodObject<typeof fields>>,
  context: z.RefinementCtx<unknown>,
): void {
  const lists = [
    ...given.signature.map(({ by }, at) => ({ by, path: ["signature", at, "by"] })),
    ...given.provenance.map(({ by }, at) => ({ by, path: ["provenance", at, "by"] })),
    ...given.attestations.map(({ by }, at) => ({ by, path: ["attestations", at, "by"] })),
    { by: given.sbom?.by ?? [], path: ["sbom", "by"] },
  ];
  refuseUnknownProducers(given.producers, lists, context);
}

/** For every document that names producers of its own. */
export function refuseUnknownProducers(
  producers: Readonly<Record<string, Producer>>,
  lists: readonly { readonly by: readonly string[]; readonly path: readonly (string | number)[] }[],
  context: z.RefinementCtx<unknown>,
): void {
  const names = Object.keys(producers);
  for (const { by, path } of lists) {
    const unknown = by.find((name) => !names.includes(name));
    if (unknown === undefined) continue;
    const there = names.length === 0 ? "there is none" : `there are: ${names.join(", ")}`;
    context.addIssue({
      code: "custom",
      path: [...path],
      message: `${unknown} is not among the producers (${there})`,
    });
  }
}

/** What an environment demands of a release before it takes it. */
export const ReleaseRequirements = z.strictObject(fields).superRefine(refuseUnknown);
export type ReleaseRequirements = z.infer<typeof ReleaseRequirements>;

/** The same as a file of its own, for `tidelock release verify --trust`. */
export const ReleaseTrust = z
  .strictObject({
    kind: z.literal("ReleaseTrust"),
    formatVersion: z.literal(1),
    ...fields,
  })
  .superRefine(refuseUnknown);
export type ReleaseTrust = z.infer<typeof ReleaseTrust>;
