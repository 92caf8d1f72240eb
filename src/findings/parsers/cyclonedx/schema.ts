import { z } from "zod";
import { listOf, manyWords, number, words } from "../lenient.ts";

const Source = z.object({ name: words, url: words }).nullish().catch(undefined);

/** CycloneDX 1.4 to 1.6, `#/definitions/vulnerability`; of XML, xml.ts makes the same. */
export const Vulnerability = z.object({
  id: words,
  "bom-ref": words,
  source: Source,
  references: listOf(z.object({ id: words, source: Source })),
  ratings: listOf(
    z.object({ source: Source, score: number, severity: words, method: words, vector: words }),
  ),
  cwes: listOf(words),
  description: words,
  detail: words,
  recommendation: words,
  advisories: listOf(z.object({ url: words })),
  analysis: z
    .object({ state: words, justification: words, detail: words, response: manyWords })
    .nullish(),
  affects: listOf(
    z.object({
      ref: words,
      versions: listOf(z.object({ version: words, range: words, status: words })),
    }),
  ),
  tools: z.unknown().optional(),
});
export type Vulnerability = z.infer<typeof Vulnerability>;
export type Affected = Vulnerability["affects"][number];

const Named = z.object({ name: words, version: words, vendor: words, group: words });

/** A component; those inside of it are walked by hand, as deep as they may be. */
export const Component = z.object({
  "bom-ref": words,
  type: words,
  group: words,
  name: words,
  version: words,
  purl: words,
  components: z.unknown().optional(),
  properties: listOf(z.object({ name: words, value: words })).catch([]),
  evidence: z
    .object({ occurrences: listOf(z.object({ location: words })) })
    .nullish()
    .catch(undefined),
});
export type Component = z.infer<typeof Component>;

const Author = z.object({ name: words }).nullish().catch(undefined);

/** What is left of a BOM without its components and vulnerabilities. */
export const Bom = z.object({
  specVersion: words,
  metadata: z
    .object({
      timestamp: words,
      tools: z
        .union([z.array(Named), z.object({ components: listOf(Named), services: listOf(Named) })])
        .nullish()
        .catch(undefined),
      component: Component.nullish(),
      authors: listOf(Author).catch([]),
      manufacturer: Author,
      manufacture: Author,
      supplier: Author,
    })
    .nullish(),
  components: z.array(z.unknown()).nullish(),
  services: z.array(z.unknown()).nullish(),
  vulnerabilities: z.array(z.unknown()).nullish(),
  compositions: listOf(z.object({ aggregate: words })).catch([]),
});
export type Bom = z.infer<typeof Bom>;
