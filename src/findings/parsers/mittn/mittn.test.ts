import { describe, expect, it } from "vitest";
import { detectText } from "../../reading/detect.ts";
import { readText } from "../../reading/read-text.ts";
import { behave, mittn } from "./index.ts";

const step = (status: string, error?: string[]) => ({
  keyword: "Then",
  step_type: "then",
  name: "baseline is unchanged",
  location: "features/scan.feature:9",
  result: { status, duration: 0.1, ...(error === undefined ? {} : { error_message: error }) },
});
const feature = (steps: object[], more: object = {}) => ({
  keyword: "Feature",
  name: "Headless scan",
  location: "features/scan.feature:1",
  status: "failed",
  tags: ["burp"],
  elements: [
    { type: "background", keyword: "Background", name: "", steps: [] },
    {
      type: "scenario",
      keyword: "Scenario",
      name: "Scan the login",
      location: "features/scan.feature:5",
      tags: [],
      steps,
      ...more,
    },
  ],
});

describe("behave's JSON", () => {
  const read = (...features: object[]) => readText(behave, JSON.stringify(features));

  it("makes a hit of a scenario that failed", () => {
    const parsed = read(feature([step("passed"), step("failed", ["Assertion Failed:", "3 new"])]));
    expect(parsed).toMatchObject({ complete: true, exercised: { scenarios: 1, assertions: 1 } });
    expect(parsed.observations).toMatchObject([
      {
        rule: "Scan the login",
        severity: "high",
        severityStated: false,
        message: "Then baseline is unchanged\nAssertion Failed:\n3 new",
        place: { name: "features/scan.feature Scan the login" },
      },
    ]);
  });

  it("takes a severity from a tag, and a step that was not carried out for no pass", () => {
    expect(read(feature([step("failed")], { tags: ["critical"] })).observations).toMatchObject([
      { severity: "critical", severityStated: true },
    ]);
    expect(read(feature([step("undefined")]))).toMatchObject({ observations: [], complete: false });
    expect(read()).toMatchObject({ complete: false });
  });

  it("is not taken for Cucumber's, nor that for it", () => {
    expect(detectText(JSON.stringify([feature([step("passed")])])).id).toBe("behave");
    const cucumber = [{ uri: "a.feature", keyword: "Feature", name: "f", elements: [] }];
    expect(detectText(JSON.stringify(cucumber)).id).toBe("cucumber-json");
  });
});

it("reads rows of its issues, known false positives as suppressed", () => {
  const rows = [
    {
      new_issue: 1,
      issue_no: 1,
      scenario_id: "1",
      url: "https://shop.example/login?x=1",
      severity: "High",
      issuetype: "2097920",
      issuename: "Cross-site scripting",
      issuedetail: "d",
    },
    {
      new_issue: 0,
      scenario_id: "ABC",
      url: "https://shop.example/api",
      req_method: "POST",
      resp_statuscode: "500",
      server_timeout: 0,
      server_error_text_detected: 1,
      server_error_text_matched: "stack trace",
    },
  ];
  const parsed = readText(mittn, JSON.stringify(rows));
  expect(parsed.complete).toBe(false);
  expect(parsed.observations).toMatchObject([
    { rule: "2097920", severity: "high", place: { route: "/login" }, suppressed: false },
    {
      rule: "ABC",
      severity: "medium",
      severityStated: false,
      place: { method: "POST", route: "/api" },
      suppressed: true,
    },
  ]);
});
