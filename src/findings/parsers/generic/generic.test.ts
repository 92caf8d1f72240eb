import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { generic } from "./index.ts";

const document = (more: object = {}, ...findings: object[]) =>
  JSON.stringify({
    tidelockFindings: 1,
    tool: { name: "review", version: "1" },
    complete: true,
    findings,
    ...more,
  });
const finding = {
  rule: "R1",
  severity: "high",
  place: { kind: "file", path: "a.ts", line: 3 },
} as const;

it("reads every field", () => {
  const whole = {
    ...finding,
    severityStated: true,
    title: "t",
    message: "m",
    kind: "code",
    scope: "main()",
    snippet: "eval( x )",
    cwe: [79],
    aliases: ["CVE-2024-1"],
    fixedIn: "2.0",
    fingerprint: "f",
    fingerprints: { "a/v1": "b" },
    suppressed: true,
    unchanged: true,
    cvss: [{ version: "4.0", score: 9.3, vector: "CVSS:4.0/AV:N" }],
    reachable: false,
    references: ["https://example.org/1"],
    evidence: [
      { title: "screen", digest: `sha256:${"0".repeat(64)}`, url: "https://example.org/2" },
    ],
    claim: { status: "affected", by: "somebody" },
    record: { id: "F-1" },
  };
  const exercised = { files: 3 };
  const parsed = readText(
    generic,
    document({ subject: "repo", madeAt: "2026-01-02T03:04:05Z", exercised }, whole),
  );
  expect(parsed).toMatchObject({
    complete: true,
    tool: { name: "review" },
    subject: "repo",
    madeAt: "2026-01-02T03:04:05Z",
    exercised,
  });
  const { evidence: _evidence, record: _record, snippet: _snippet, ...kept } = whole;
  expect(parsed.observations[0]).toMatchObject({
    ...kept,
    message: `m\nEvidence: screen, sha256:${"0".repeat(64)}, https://example.org/2`,
    references: ["https://example.org/1", "https://example.org/2"],
    context: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

describe("completeness", () => {
  it("is never assumed", () => {
    expect(readText(generic, document({ complete: undefined })).complete).toBe(false);
    expect(readText(generic, document({ missing: "the tests" }))).toMatchObject({
      complete: false,
      missing: "the tests",
    });
  });
});

it("keeps a statement that it is not so apart from the hits", () => {
  const parsed = readText(
    generic,
    document({}, finding, { ...finding, claim: { status: "not-affected" } }),
  );
  expect(parsed.observations).toHaveLength(1);
  expect(parsed.claims).toHaveLength(1);
});

describe("a document that is not quite of this format is refused", () => {
  it.each([
    document({ tidelockFindings: 2 }),
    document({ colour: "red" }),
    document({}, { ...finding, severty: "low" }),
    document({}, { ...finding, severity: "awful" }),
    document({}, { ...finding, place: { kind: "file", path: "a", line: 0 } }),
    document({}, { ...finding, rule: "" }),
  ])("%s", (text) => {
    expect(() => readText(generic, text)).toThrow();
  });
});
