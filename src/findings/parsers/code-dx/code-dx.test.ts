import { expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { codeDx } from "./index.ts";

/** Made by the sample that the publisher's module for PowerShell carries. */
const report = `<?xml version="1.0"?>
<report date="2019-08-06" tool="My Custom Tool">
  <findings>
    <finding severity="high">
      <native-id name="My Tool ID" value="abc123" />
      <cwe id="259" />
      <tool name="My Custom Tool" category="Security" code="Hardcoded-Password" />
      <location type="file" path="java/org/owasp/Lesson.java"><line start="64" end="66" /></location>
      <description format="plain-text">A password is hardcoded here.</description>
      <metadata><value key="Password">password</value></metadata>
    </finding>
    <finding severity="unspecified" type="dynamic">
      <cwe id="310" />
      <tool name="My Custom Tool" category="Security" code="Cookie without HttpOnly flag set" />
      <location type="url" path="/webgoat/attack">
        <variants><variant><request method="POST" path="/webgoat/attack" query=""></request></variant></variants>
      </location>
    </finding>
  </findings>
</report>`;

it("reads findings in a file and on a surface", () => {
  const parsed = readText(codeDx, report);
  expect(parsed).toMatchObject({ complete: true, tool: { name: "My Custom Tool" } });
  expect(parsed.observations).toMatchObject([
    {
      rule: "Hardcoded-Password",
      severity: "high",
      message: "A password is hardcoded here.",
      cwe: [259],
      place: { kind: "file", path: "java/org/owasp/Lesson.java", line: 64 },
      fingerprints: { "code-dx-My Tool ID": "abc123" },
    },
    {
      severity: "critical",
      severityStated: false,
      place: { kind: "http", method: "POST", route: "/webgoat/attack" },
    },
  ]);
});

it("reads one without a finding, and refuses one without a list of them", () => {
  expect(readText(codeDx, "<report><findings/></report>").observations).toEqual([]);
  expect(() => readText(codeDx, "<report/>")).toThrow("no <findings>");
});
