import { expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { awsConfig } from "./index.ts";

const result = (ComplianceType: string, ResourceId = "i-1") => ({
  EvaluationResultIdentifier: {
    EvaluationResultQualifier: {
      ConfigRuleName: "encrypted-volumes",
      ResourceType: "AWS::EC2::Volume",
      ResourceId,
    },
    OrderingTimestamp: "2024-01-01T00:00:00.000Z",
  },
  ComplianceType,
  ResultRecordedTime: "2024-01-01T00:00:01.000Z",
});

it("makes a hit of every resource that does not comply, of a severity nobody states", () => {
  const parsed = readText(
    awsConfig,
    JSON.stringify({
      EvaluationResults: [
        result("NON_COMPLIANT", "vol-1"),
        result("COMPLIANT", "vol-2"),
        result("NOT_APPLICABLE", "vol-3"),
      ],
    }),
  );
  expect(parsed).toMatchObject({ complete: true, subject: "encrypted-volumes" });
  expect(parsed.observations).toMatchObject([
    {
      rule: "encrypted-volumes",
      severity: "medium",
      severityStated: false,
      place: { kind: "resource", name: "AWS::EC2::Volume/vol-1" },
    },
  ]);
});

it("is no whole report when a resource could not be evaluated or a page is missing", () => {
  const text = (more: object) =>
    JSON.stringify({ EvaluationResults: [result("INSUFFICIENT_DATA")], ...more });
  expect(readText(awsConfig, text({})).missing).toContain("could not be evaluated");
  expect(readText(awsConfig, text({ NextToken: "x" })).missing).toContain("NextToken");
});
