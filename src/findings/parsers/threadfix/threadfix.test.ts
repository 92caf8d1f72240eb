import { expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { threadfix } from "./index.ts";

/** Made by ThreadFix's description of its file format. */
const file = (...findings: object[]) =>
  JSON.stringify({
    created: "2024-01-02T03:04:05Z",
    updated: "2024-01-02T03:04:05Z",
    collectionType: "MIXED",
    source: "Scanner",
    findings,
  });

it("reads findings in code, on a surface and of a dependency", () => {
  const parsed = readText(
    threadfix,
    file(
      {
        nativeId: "n1",
        severity: "High",
        summary: "Injection",
        description: "d",
        staticDetails: {
          file: "a.java",
          parameter: "q",
          dataFlow: [
            { file: "a.java", lineNumber: 3, text: "in" },
            { file: "b.java", lineNumber: 9, text: "exec(q)" },
          ],
        },
        mappings: [{ mappingType: "CWE", value: "89", primary: true }],
      },
      {
        nativeId: "n2",
        severity: "Info",
        summary: "XSS",
        dynamicDetails: { surfaceLocation: { url: "http://x/login?a=1", parameter: "user" } },
        mappings: [{ mappingType: "TOOL_VENDOR", value: "xss-1", primary: true }],
      },
      {
        nativeId: "n3",
        severity: "Odd",
        dependencyDetails: {
          library: "lodash",
          version: "4.17.20",
          reference: "CVE-2021-23337",
          filePath: "package.json",
          issueType: "VULNERABILITY",
        },
        mappings: [{ mappingType: "CVE", value: "CVE-2021-23337", primary: true }],
      },
    ),
  );
  expect(parsed).toMatchObject({ tool: { name: "Scanner" }, madeAt: "2024-01-02T03:04:05Z" });
  expect(parsed.observations).toMatchObject([
    {
      rule: "CWE-89",
      severity: "high",
      place: { kind: "file", path: "b.java", line: 9 },
      cwe: [89],
      fingerprints: { "threadfix-native-id": "n1" },
    },
    {
      rule: "xss-1",
      severity: "info",
      place: { kind: "http", route: "/login", parameter: "user" },
    },
    {
      rule: "CVE-2021-23337",
      severity: "critical",
      severityStated: false,
      aliases: ["CVE-2021-23337"],
      place: { kind: "package", name: "lodash", version: "4.17.20", path: "package.json" },
    },
  ]);
});

it("leaves alone what somebody else wrote under our name", () => {
  for (const tidelock of ["{", "[]", '{"place":{"kind":"odd"}}', 7, "x".repeat(200_000)]) {
    const text = file({ summary: "s", severity: "Low", metadata: { tidelock } });
    expect(readText(threadfix, text).observations).toMatchObject([
      { rule: "s", place: { kind: "resource", name: "unknown" } },
    ]);
  }
});
