import { expect, it } from "vitest";
import { detectText } from "../../reading/detect.ts";
import { readText } from "../../reading/read-text.ts";

/** As cucumber-jvm 1.x writes it, which BDD-Security runs in (`build/reports/cucumber/all_tests.json`). */
const feature = {
  line: 2,
  elements: [
    {
      line: 11,
      name: "The application should not contain SQL injection vulnerabilities",
      description: "",
      id: "app-scan;the-application-should-not-contain-sql-injection-vulnerabilities",
      type: "scenario",
      keyword: "Scenario",
      tags: [
        { line: 10, name: "@cwe-89" },
        { line: 10, name: "@iriusrisk-cwe-89" },
      ],
      before: [
        { result: { duration: 5, status: "passed" }, match: { location: "WebApp.setUp()" } },
      ],
      steps: [
        {
          result: { duration: 9, status: "passed" },
          line: 12,
          name: "a fresh scanner with all policies disabled",
          match: { location: "AppScanningSteps.createNewScanner()" },
          keyword: "Given ",
        },
        {
          result: {
            duration: 9,
            status: "failed",
            error_message: "java.lang.AssertionError: 1 High vulnerabilities",
          },
          line: 13,
          name: "no Medium or higher risk vulnerabilities should be present",
          match: {},
          keyword: "Then ",
        },
      ],
    },
  ],
  name: "Automated Application Security Scanning",
  description: "Run automated tests",
  id: "app-scan",
  keyword: "Feature",
  uri: "net/continuumsecurity/app_scan.feature",
  tags: [{ line: 1, name: "@app_scan" }],
};

it("is read as Cucumber's JSON: a failed story of BDD-Security is a hit with its CWE", () => {
  const text = JSON.stringify([feature]);
  const format = detectText(text);
  expect(format.id).toBe("cucumber-json");
  const parsed = readText(format, text);
  expect(parsed).toMatchObject({ complete: true, exercised: { scenarios: 1 } });
  expect(parsed.observations).toMatchObject([
    { rule: feature.elements[0]?.id, severity: "high", severityStated: false, cwe: [89] },
  ]);
});
