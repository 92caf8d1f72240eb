import { z } from "zod";
import { listOf, number, words } from "../lenient.ts";

const Identifier = z.object({ id: words, confidence: words });

const Cvss = z.record(z.string(), z.unknown()).nullish().catch(undefined);

const Vulnerability = z.object({
  source: words,
  name: words,
  severity: words,
  /** Before 2.0 of the XML. */
  cvssScore: number,
  cvssv2: Cvss,
  cvssv3: Cvss,
  cvssv4: Cvss,
  cwes: listOf(words),
  cwe: words,
  description: words,
  notes: words,
  references: listOf(z.object({ url: words, name: words })).catch([]),
  vulnerableSoftware: listOf(
    z.object({
      software: z
        .object({ vulnerabilityIdMatched: words, versionEndExcluding: words })
        .nullish()
        .catch(undefined),
    }),
  ).catch([]),
});
export type Vulnerability = z.infer<typeof Vulnerability>;

/** Of JSON as it is; of XML, xml.ts makes the same. */
export const Dependency = z.object({
  fileName: words,
  filePath: words,
  packages: listOf(Identifier),
  vulnerabilityIds: listOf(Identifier),
  vulnerabilities: listOf(Vulnerability),
  suppressedVulnerabilities: listOf(Vulnerability),
});
export type Dependency = z.infer<typeof Dependency>;

export const Frame = z.object({
  scanInfo: z
    .object({
      engineVersion: words,
      analysisExceptions: listOf(
        z.object({ exception: z.object({ message: words }).nullish().catch(undefined) }),
      ).catch([{ exception: undefined }]),
    })
    .nullish(),
  projectInfo: z
    .object({ name: words, groupID: words, artifactID: words, reportDate: words })
    .nullish()
    .catch(undefined),
  dependencies: z.array(z.unknown()).nullish(),
});
export type Frame = z.infer<typeof Frame>;
