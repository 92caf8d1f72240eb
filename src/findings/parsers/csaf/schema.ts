import { z } from "zod";
import { listOf, manyWords, number, words } from "../lenient.ts";

const Product = z.object({
  name: words,
  product_id: words,
  product_identification_helper: z
    .object({ purl: words, purls: manyWords, cpe: words })
    .nullish()
    .catch(undefined),
});
export type Product = z.infer<typeof Product>;

/** A branch without those inside of it, which are walked by hand. */
export const Branch = z.object({
  category: words,
  name: words,
  product: Product.nullish(),
  branches: z.array(z.unknown()).nullish(),
});

export const FullName = Product;

export const Relationship = z.object({
  product_reference: words,
  relates_to_product_reference: words,
  full_product_name: Product.nullish(),
});

export const Frame = z.object({
  document: z.object({
    csaf_version: words,
    category: words,
    title: words,
    aggregate_severity: z.object({ text: words }).nullish().catch(undefined),
    publisher: z.object({ name: words }).nullish().catch(undefined),
    tracking: z
      .object({
        id: words,
        current_release_date: words,
        generator: z
          .object({ engine: z.object({ name: words, version: words }).nullish() })
          .nullish()
          .catch(undefined),
      })
      .nullish()
      .catch(undefined),
  }),
  product_tree: z
    .object({
      branches: z.array(z.unknown()).nullish(),
      product_groups: listOf(z.object({ group_id: words, product_ids: manyWords })).catch([]),
    })
    .nullish(),
  vulnerabilities: z.array(z.unknown()).nullish(),
});
export type Frame = z.infer<typeof Frame>;

/** `cvss_v2`, `cvss_v3`, and of 2.1 `cvss_v4`. */
const Score = z
  .object({ version: words, vectorString: words, baseScore: number, baseSeverity: words })
  .nullish()
  .catch(undefined);
const Scores = z.object({ cvss_v2: Score, cvss_v3: Score, cvss_v4: Score });

const aimed = { product_ids: manyWords, group_ids: manyWords };

export const Vulnerability = z.object({
  cve: words,
  ids: listOf(z.object({ text: words })).catch([]),
  title: words,
  notes: listOf(z.object({ category: words, text: words })).catch([]),
  cwe: z.object({ id: words }).nullish().catch(undefined),
  cwes: listOf(z.object({ id: words })).catch([]),
  product_status: z.record(z.string(), manyWords).nullish(),
  scores: listOf(Scores.extend({ products: manyWords })).catch([]),
  metrics: listOf(z.object({ content: Scores, products: manyWords })).catch([]),
  threats: listOf(z.object({ category: words, details: words, ...aimed })).catch([]),
  remediations: listOf(z.object({ category: words, details: words, url: words, ...aimed })).catch(
    [],
  ),
  flags: listOf(z.object({ label: words, ...aimed })).catch([]),
  references: listOf(z.object({ url: words })).catch([]),
});
export type Vulnerability = z.infer<typeof Vulnerability>;
