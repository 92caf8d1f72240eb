import { z } from "zod";
import type { Format } from "../format.ts";
import { Subjects } from "../subjects.ts";

const text = z.string().nullish();
const Evaluation = z.object({
  EvaluationResultIdentifier: z.object({
    EvaluationResultQualifier: z.object({
      ConfigRuleName: z.string(),
      ResourceType: text,
      ResourceId: text,
    }),
  }),
  ComplianceType: z.string(),
  Annotation: text,
});
const Frame = z.object({ EvaluationResults: z.array(z.unknown()), NextToken: text });
const First = z.object({ EvaluationResults: z.array(Evaluation).min(1) });

/**
 * AWS Config's `get-compliance-details-by-config-rule` (and `-by-resource`). A NON_COMPLIANT resource is a hit,
 * whose severity nobody states: medium; INSUFFICIENT_DATA leaves the report incomplete.
 */
export const awsConfig: Format = {
  id: "aws-config",
  title: "AWS Config (compliance details)",
  syntax: "json",
  items: [{ path: ["EvaluationResults", "*"] }],
  recognise: (sample) => sample.syntax === "json" && First.safeParse(sample.value).success,
  open(frame) {
    const { NextToken } = Frame.parse(frame);
    const rules = new Subjects();
    let undecided = 0;
    return {
      item(value) {
        const { EvaluationResultIdentifier, ComplianceType, Annotation } = Evaluation.parse(value);
        const { ConfigRuleName, ResourceType, ResourceId } =
          EvaluationResultIdentifier.EvaluationResultQualifier;
        rules.add(ConfigRuleName);
        if (ComplianceType === "COMPLIANT" || ComplianceType === "NOT_APPLICABLE") return [];
        if (ComplianceType === "INSUFFICIENT_DATA") {
          undecided += 1;
          return [];
        }
        const resource = [ResourceType, ResourceId].filter(Boolean).join("/");
        return [
          {
            rule: ConfigRuleName,
            severity: "medium",
            severityStated: false,
            title: `${ConfigRuleName}: ${resource}`,
            message: Annotation ?? undefined,
            place: { kind: "resource", name: resource },
            kind: "infrastructure",
          },
        ];
      },
      end() {
        const missing = [
          ...(NextToken ? ["further pages of it are not here (NextToken)"] : []),
          ...(undecided > 0 ? [`${undecided} resources could not be evaluated`] : []),
        ].join("; ");
        return {
          tool: { name: "aws-config", version: "unknown" },
          ...rules.summary,
          complete: missing === "",
          ...(missing === "" ? {} : { missing }),
        };
      },
    };
  },
};
