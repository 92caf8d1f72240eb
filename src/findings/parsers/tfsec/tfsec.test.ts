import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { tfsec } from "./index.ts";

const location = { filename: "infra/cluster.tf", start_line: 52, end_line: 92 };
const read = (...results: readonly object[]) => readText(tfsec, JSON.stringify({ results }));

describe("tfsec", () => {
  it("reads reports of versions before 0.39, with the resource in a sentence", () => {
    const old = {
      rule_id: "GCP009",
      rule_description: "Pod security policy enforcement not defined.",
      rule_provider: "google",
      link: "See https://tfsec.dev/docs/google/GCP009/ for more information.",
      location,
      description: "Resource 'google_container_cluster.main' defines no policy.",
      severity: "ERROR",
      passed: false,
    };
    const { observations, exercised } = read(old, { ...old, passed: true });
    expect(observations).toHaveLength(1);
    expect(observations[0]).toMatchObject({
      rule: "GCP009",
      severity: "high",
      kind: "infrastructure",
      scope: "google_container_cluster.main",
      place: { kind: "file", path: "infra/cluster.tf", line: 52 },
      references: ["https://tfsec.dev/docs/google/GCP009/"],
    });
    expect(exercised).toEqual({ assertions: 2 });
  });

  it("names one rule alike in versions that have only its long name and those that have both", () => {
    const middle = {
      rule_id: "aws-s3-enable-versioning",
      legacy_rule_id: "AWS077",
      links: null,
      severity: "MEDIUM",
      status: "failed",
      location,
    };
    const current = {
      ...middle,
      rule_id: "AVD-AWS-0090",
      long_id: "aws-s3-enable-versioning",
      legacy_rule_id: undefined,
      status: 0,
      resource: "aws_s3_bucket.logs",
      warning: false,
    };
    const [first, second] = read(middle, current).observations;
    expect(first?.rule).toBe(second?.rule);
    expect(second).toMatchObject({ scope: "aws_s3_bucket.logs", aliases: ["AVD-AWS-0090"] });
  });

  it("leaves out what passed and counts what was ignored, marked", () => {
    const one = { rule_id: "x", severity: "LOW", location };
    const { observations } = read(
      { ...one, status: 1 },
      { ...one, status: "passed" },
      { ...one, status: 2 },
      { ...one, severity: "ODD" },
    );
    expect(observations.map(({ suppressed, severity }) => [suppressed, severity])).toEqual([
      [true, "low"],
      [false, "critical"],
    ]);
  });

  it("takes no results as no hits, and other tools' lists for none of its own", () => {
    expect(readText(tfsec, `{"results":null}`)).toMatchObject({ observations: [], complete: true });
    const of = (value: unknown) => tfsec.recognise({ syntax: "json", value });
    expect(of({ results: null })).toBe(true);
    expect(of({ results: [] })).toBe(false);
    expect(of({ results: [{ check_id: "x" }] })).toBe(false);
    expect(of({ results: [{ rule_id: "x", location }] })).toBe(true);
  });
});
