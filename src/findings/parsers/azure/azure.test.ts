import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { azure, azureLines, azureCsv } from "./index.ts";

const samples = `${import.meta.dirname}/../../../../test/fixtures/findings/azure`;
const read = (name: string) => readText(azureCsv, readFileSync(`${samples}/${name}`, "utf8"));

const vm = "/subscriptions/AB/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1";
const id = `${vm}/providers/Microsoft.Security/assessments/21300918`;

/** Made by the reference of the REST API (Assessments - List, Alerts - List, Policy States - List). */
const assessment = (status: object, more: object = {}) => ({
  type: "Microsoft.Security/assessments",
  id,
  name: "21300918",
  properties: {
    resourceDetails: { source: "Azure", id: vm },
    displayName: "Install endpoint protection",
    status,
    metadata: { severity: "High", description: "No protection", remediationDescription: "Install" },
    ...more,
  },
});
const parse = (...value: object[]) => readText(azure, JSON.stringify({ value }));

describe("the CSV of recommendations", () => {
  it("has as many hits as its publisher's own tests say", () => {
    expect(read("many_vulns.csv").observations).toHaveLength(3);
    expect(read("zero_vulns.csv")).toMatchObject({ observations: [], complete: true });
  });

  it("names resource, severity and the address to read on", () => {
    const [first] = read("many_vulns.csv").observations;
    expect(first).toMatchObject({
      rule: "f67fb4ed-d481-44d7-91e5-efadf504f74a",
      severity: "low",
      title: "Virtual networks should be protected by Azure Firewall",
      place: { kind: "resource" },
    });
    expect(first?.references?.[0]).toMatch(/^https:\/\/portal\.azure\.com\//);
  });
});

describe("an assessment", () => {
  it("is a hit when it is unhealthy, at its resource", () => {
    const parsed = parse(assessment({ code: "Unhealthy" }));
    expect(parsed).toMatchObject({ complete: true, subject: "ab" });
    expect(parsed.observations).toMatchObject([
      { rule: "21300918", severity: "high", place: { kind: "resource", name: vm } },
    ]);
  });

  it("is none when it is healthy or does not apply; of an unknown state the report is not whole", () => {
    expect(parse(assessment({ code: "Healthy" }), assessment({ code: "NotApplicable" }))).toEqual(
      expect.objectContaining({ observations: [], complete: true }),
    );
    expect(parse(assessment({ code: "Odd" })).complete).toBe(false);
  });

  it("reads the same as az prints it, flattened and without a severity", () => {
    const { properties, ...outer } = assessment({ code: "Unhealthy" }, { metadata: null });
    expect(readText(azureLines, JSON.stringify([{ ...outer, ...properties }]))).toMatchObject({
      observations: [{ severity: "critical", severityStated: false }],
    });
  });

  it("below another one has the check's own number and severity", () => {
    const sub = {
      type: "Microsoft.Security/assessments/subAssessments",
      id: `${id}/subAssessments/8f`,
      name: "8f",
      properties: {
        id: "370361",
        displayName: "OpenSSH",
        status: { code: "Unhealthy", severity: "Medium" },
        resourceDetails: { source: "Azure", id: vm },
        additionalData: { cve: [{ title: "CVE-2021-1", link: "https://nvd.example" }] },
      },
    };
    expect(parse(sub).observations).toMatchObject([
      { rule: "370361", severity: "medium", aliases: ["CVE-2021-1"] },
    ]);
  });
});

it("makes runtime hits of alerts; resolved ones are stated as fixed", () => {
  const alert = (status: string) => ({
    type: "Microsoft.Security/Locations/alerts",
    id: "/subscriptions/ab/providers/Microsoft.Security/locations/we/alerts/1",
    name: "1",
    properties: {
      alertType: "VM_Bruteforce",
      alertDisplayName: "Brute force",
      systemAlertId: "1",
      severity: "Medium",
      status,
      compromisedEntity: "vm1",
    },
  });
  const parsed = parse(alert("Active"), alert("Dismissed"), alert("Resolved"));
  expect(parsed.observations).toMatchObject([
    { kind: "runtime", rule: "VM_Bruteforce", suppressed: false },
    { suppressed: true },
  ]);
  expect(parsed.claims).toMatchObject([{ claim: { status: "fixed" } }]);
});

it("makes hits of policy states that are not complied with", () => {
  const state = (complianceState: string) => ({
    resourceId: vm,
    policyDefinitionId: "/providers/Microsoft.Authorization/policyDefinitions/p",
    policyDefinitionName: "p",
    policyAssignmentId: "/a",
    complianceState,
    subscriptionId: "ab",
  });
  const parsed = parse(state("NonCompliant"), state("Compliant"), state("Exempt"));
  expect(parsed.observations).toMatchObject([
    { rule: "p", severity: "medium", severityStated: false, suppressed: false },
    { suppressed: true },
  ]);
  expect(parse(state("Conflict")).missing).toBe("1 states are unknown");
  expect(
    readText(azure, JSON.stringify({ value: [], "@odata.nextLink": "https://x" })).complete,
  ).toBe(false);
});
