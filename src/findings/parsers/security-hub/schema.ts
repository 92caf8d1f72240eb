import { z } from "zod";

/** AWS Security Finding Format, as far as it is read; loose, because every product adds its own. */

const text = z.string().nullish();

const VulnerablePackage = z.object({
  Name: text,
  Version: text,
  Epoch: text,
  Release: text,
  PackageManager: text,
  FilePath: text,
  FixedInVersion: text,
});
export type VulnerablePackage = z.infer<typeof VulnerablePackage>;

const Vulnerability = z.object({
  Id: text,
  VulnerablePackages: z.array(VulnerablePackage).nullish(),
  Cvss: z
    .array(
      z.object({
        Version: text,
        BaseScore: z.union([z.number(), z.string().transform(Number)]).nullish(),
        BaseVector: text,
      }),
    )
    .nullish(),
  RelatedVulnerabilities: z.array(z.string()).nullish(),
  Cwes: z.array(z.string()).nullish(),
  ReferenceUrls: z.array(z.string()).nullish(),
});
export type Vulnerability = z.infer<typeof Vulnerability>;

const SeverityOf = z.object({
  Label: text,
  Normalized: z.number().nullish(),
  Product: z.number().nullish(),
});

export const AsffFinding = z.object({
  SchemaVersion: z.string(),
  Id: z.string(),
  ProductArn: z.string(),
  ProductName: text,
  Region: text,
  AwsAccountId: text,
  GeneratorId: text,
  Types: z.array(z.string()).nullish(),
  Title: text,
  Description: text,
  Severity: SeverityOf.nullish(),
  FindingProviderFields: z.object({ Severity: SeverityOf.nullish() }).nullish(),
  Remediation: z.object({ Recommendation: z.object({ Url: text }).nullish() }).nullish(),
  ProductFields: z.record(z.string(), z.unknown()).nullish(),
  Resources: z.array(z.object({ Type: text, Id: text, Region: text })).nullish(),
  Compliance: z
    .object({ Status: text, SecurityControlId: text, RelatedRequirements: z.unknown().optional() })
    .nullish(),
  Workflow: z.object({ Status: text }).nullish(),
  RecordState: text,
  Vulnerabilities: z.array(Vulnerability).nullish(),
});
export type AsffFinding = z.infer<typeof AsffFinding>;
