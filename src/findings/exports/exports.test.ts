import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { FindingStatus } from "../../model/finding.ts";
import type { ObservationPlace } from "../../model/observation.ts";
import type { Parsed } from "../parsers/parser.ts";
import { detectText } from "../reading/detect.ts";
import { readText } from "../reading/read-text.ts";
import { type ExportedFinding, exportedOf, fingerprintsOf } from "./exported.ts";
import { type ExportFormat, exporters, exportFormats } from "./index.ts";
import { about, finding } from "./sample-finding.ts";

const places: readonly ObservationPlace[] = [
  { kind: "file", path: "src/ä b/q?.ts", line: 7 },
  { kind: "package", name: "left<pad>", version: "1.0" },
  { kind: "http", method: "POST", route: "/items/{id}", parameter: "q" },
  { kind: "port", host: "10.0.0.1", port: 443, protocol: "tcp" },
  { kind: "resource", name: "aws_s3_bucket.logs" },
];
const open: readonly ExportedFinding[] = [
  finding(),
  ...places.map((place, index) =>
    finding({ id: `F-${index + 2}`, kind: "code", rule: `r${index}`, aliases: [], cwe: [], place }),
  ),
];
const statuses: readonly FindingStatus[] = [
  "open",
  "triaged",
  "in-progress",
  "fixed",
  "verified",
  "closed",
  "false-positive",
];
const ofEachStatus = statuses.map((status, index) =>
  finding({
    id: `F-${index + 10}`,
    status,
    ...(status === "false-positive"
      ? { falsePositive: { reason: "never called", by: "ada" } }
      : {}),
  }),
);

async function* stream(all: readonly ExportedFinding[]): AsyncIterable<ExportedFinding> {
  yield* all;
}

async function write(
  format: ExportFormat,
  all: readonly ExportedFinding[],
  what = about,
): Promise<string> {
  let text = "";
  for await (const part of exporters[format].write(stream(all), what)) text += part;
  return text;
}

const readers: Partial<Record<ExportFormat, string>> = {
  sarif: "sarif",
  cyclonedx: "cyclonedx",
  openvex: "openvex",
  json: "generic",
  "code-dx": "code-dx",
  threadfix: "threadfix",
};

/** By the format that recognises it, as an import does. */
function read(format: ExportFormat, text: string): Parsed {
  const reader = detectText(text);
  expect(reader.id).toBe(readers[format]);
  return readText(reader, text);
}

describe("what is exported is read back by our own parsers", () => {
  it.each(["sarif", "json", "code-dx", "threadfix"] as const)(
    "%s: as many, the same rules, places, severities and fingerprints",
    async (format) => {
      const { observations } = read(format, await write(format, open));
      expect(
        observations.map(({ rule, place, severity, fingerprints, aliases, fixedIn }) => ({
          rule,
          place,
          severity,
          fingerprints,
          aliases,
          fixedIn,
        })),
      ).toEqual(
        open.map((one) => ({
          rule: one.rule,
          place: one.place,
          severity: one.severity,
          fingerprints: fingerprintsOf(one),
          aliases: one.aliases,
          fixedIn: one.fixedIn,
        })),
      );
    },
  );

  it("json: every field that a finding has, and what is gone or false as a statement", async () => {
    const whole = finding({ scope: "main()", severityStated: false });
    const { observations, claims } = read("json", await write("json", [whole, ...ofEachStatus]));
    expect(observations[0]).toMatchObject({
      title: whole.title,
      message: whole.message,
      kind: whole.kind,
      scope: "main()",
      severityStated: false,
      cwe: whole.cwe,
      cvss: whole.cvss,
      references: whole.references,
    });
    expect(observations).toHaveLength(5);
    expect(claims?.map(({ claim }) => claim)).toEqual([
      { status: "fixed" },
      { status: "fixed" },
      { status: "false-positive", statement: "never called", by: "ada" },
    ]);
  });

  it("cyclonedx: packages keep rule, severity, version and what repairs them", async () => {
    const { observations, claims } = read("cyclonedx", await write("cyclonedx", ofEachStatus));
    expect(observations).toHaveLength(4);
    expect(claims).toHaveLength(3);
    expect(observations[0]).toMatchObject({
      rule: "CVE-2021-23337",
      severity: "high",
      place: { kind: "package", name: "lodash", version: "4.17.20" },
    });
  });

  it("openvex: what is affected is a hit, everything that is said not to be a claim", async () => {
    // Of one vulnerability in one product the last statement counts, so each is of another one.
    const all = ofEachStatus.map((one, index) => ({
      ...one,
      rule: `CVE-2024-${index}`,
      aliases: [],
    }));
    const { observations, claims } = read("openvex", await write("openvex", all));
    expect(observations).toHaveLength(4);
    expect(claims?.map(({ claim }) => claim?.status)).toEqual(["fixed", "fixed", "not-affected"]);
    expect(observations[1]).toMatchObject({
      rule: "CVE-2024-1",
      claim: { status: "affected" },
    });
  });

  it.each(exportFormats)("%s: no finding is a whole document as well", async (format) => {
    const text = await write(format, []);
    expect(text.length).toBeGreaterThan(10);
    if (readers[format] !== undefined) {
      expect(read(format, text).observations).toEqual([]);
    }
  });

  it.each(exportFormats)("%s: of the same findings it is the same text", async (format) => {
    expect(await write(format, open)).toBe(await write(format, structuredClone(open)));
  });
});

const schemas = `${import.meta.dirname}/../../../test/fixtures/findings/schemas`;
const schema = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(`${schemas}/${name}`, "utf8")) as Record<string, unknown>;
/** Formats are not checked: that takes a dependency, and URIs of findings are what they are. */
const loose = { strict: false, validateFormats: false } as const;

/** Its schema is of draft 4, which calls itself `id`; it uses nothing else that newer drafts read differently. */
function sarifSchema(): Record<string, unknown> {
  const { $schema: _draft, id: _id, ...rest } = schema("sarif-2.1.0.json");
  return rest;
}

const documents = [...open, ...ofEachStatus];
const withClaims = [
  finding({
    claim: {
      status: "not-affected",
      justification: "vulnerable_code_not_in_execute_path",
      by: "vendor",
    },
  }),
  finding({ claim: { status: "not-affected", justification: "code_not_reachable" } }),
  finding({ claim: { status: "not-affected" } }),
  finding({ claim: { status: "affected" } }),
];

describe("documents are valid by the official schemas", () => {
  it.each([
    ["of a release", about],
    ["of a service", { ...about, release: null }],
  ])("SARIF 2.1.0, %s", async (_, what) => {
    const valid = new Ajv(loose).compile(sarifSchema());
    for (const all of [[], documents]) {
      expect(valid(JSON.parse(await write("sarif", all, what))), JSON.stringify(valid.errors)).toBe(
        true,
      );
    }
  });

  it.each([
    ["of a release", about],
    ["of a service", { ...about, release: null }],
  ])("CycloneDX 1.6, %s", async (_, what) => {
    const ajv = new Ajv(loose);
    ajv.addSchema(schema("jsf-0.82.json"));
    ajv.addSchema(schema("spdx-licences.json"));
    const valid = ajv.compile(schema("cyclonedx-1.6.json"));
    for (const all of [[], documents, withClaims]) {
      const text = await write("cyclonedx", all, what);
      expect(valid(JSON.parse(text)), JSON.stringify(valid.errors)).toBe(true);
    }
  });

  it("OpenVEX 0.2.0", async () => {
    const valid = new Ajv2020(loose).compile(schema("openvex-0.2.0.json"));
    for (const all of [documents, withClaims]) {
      const text = await write("openvex", all);
      expect(valid(JSON.parse(text)), JSON.stringify(valid.errors)).toBe(true);
    }
  });
});

interface Sarif {
  readonly runs: readonly [{ readonly results: readonly Record<string, unknown>[] }];
}

describe("SARIF", () => {
  it("suppresses false positives alone, and says so of every result", async () => {
    const log = JSON.parse(await write("sarif", ofEachStatus)) as Sarif;
    const suppressions = log.runs[0].results.map((result) => result["suppressions"]);
    expect(suppressions).toEqual([
      ...Array.from({ length: 6 }, () => []),
      [{ kind: "external", status: "accepted", justification: "never called" }],
    ]);
  });

  it("says what is new in the release, what it had before, and what is gone", async () => {
    const log = JSON.parse(
      await write("sarif", [
        finding(),
        finding({ firstRelease: null }),
        finding({ status: "closed" }),
      ]),
    ) as Sarif;
    expect(log.runs[0].results.map((result) => result["baselineState"])).toEqual([
      "new",
      "unchanged",
      "absent",
    ]);
    const { observations } = read("sarif", JSON.stringify(log));
    expect(observations).toHaveLength(2);
  });

  it("takes a tool's score only where it says the same as the severity", async () => {
    const log = JSON.parse(
      await write("sarif", [finding(), finding({ severity: "critical" })]),
    ) as Sarif;
    expect(log.runs[0].results.map(({ properties }) => properties)).toMatchObject([
      { "security-severity": "7.2" },
      { "security-severity": "9.0" },
    ]);
  });
});

interface Vex {
  readonly statements: readonly Record<string, unknown>[];
}

describe("OpenVEX", () => {
  it("says of each status what may be said of it", async () => {
    const { statements } = JSON.parse(await write("openvex", ofEachStatus)) as Vex;
    expect(statements.map(({ status }) => status)).toEqual([
      "under_investigation",
      "affected",
      "affected",
      "affected",
      "fixed",
      "fixed",
      "not_affected",
    ]);
    expect(statements[1]?.["action_statement"]).toBe("Update lodash to 4.17.21 or later.");
    expect(statements[6]?.["impact_statement"]).toBe("never called (ada)");
  });

  it("takes over the justification of a trusted issuer, in its own words", async () => {
    const { statements } = JSON.parse(await write("openvex", withClaims)) as Vex;
    expect(statements.map((one) => one["justification"])).toEqual([
      "vulnerable_code_not_in_execute_path",
      "vulnerable_code_not_in_execute_path",
      undefined,
      undefined,
    ]);
  });
});

interface Bom {
  readonly vulnerabilities: readonly { readonly analysis: { readonly state: string } }[];
}

it("CycloneDX states a status, and not_affected only with a justification", async () => {
  const states = async (all: readonly ExportedFinding[]) =>
    (JSON.parse(await write("cyclonedx", all)) as Bom).vulnerabilities.map(
      ({ analysis }) => analysis.state,
    );
  expect(await states(ofEachStatus)).toEqual([
    "in_triage",
    "exploitable",
    "exploitable",
    "exploitable",
    "resolved",
    "resolved",
    "false_positive",
  ]);
  expect(await states(withClaims)).toEqual([
    "not_affected",
    "not_affected",
    "in_triage",
    "in_triage",
  ]);
});

describe("a risk that is accepted", () => {
  const risk = {
    waiver: "W-7",
    environment: "production",
    release: null,
    reason: "no fix is out",
    control: "blocked at the edge",
    until: "2026-12-31T00:00:00.000Z",
  };
  const accepted = finding({ liveIn: ["production"], accepted: [risk] });
  const why = "no fix is out (risk accepted in production until 2026-12-31T00:00:00.000Z by W-7)";

  it("is affected and exploitable, and never said not to be", async () => {
    const { statements } = JSON.parse(await write("openvex", [accepted])) as Vex;
    expect(statements[0]).toMatchObject({
      status: "affected",
      action_statement: `${why}. Meanwhile: blocked at the edge. Update lodash to 4.17.21 or later.`,
    });
    const bom = JSON.parse(await write("cyclonedx", [accepted])) as Bom;
    expect(bom.vulnerabilities[0]?.analysis).toMatchObject({
      state: "exploitable",
      response: ["will_not_fix"],
    });
  });

  const suppressed = async (one: ExportedFinding, what = about) =>
    (JSON.parse(await write("sarif", [one], what)) as Sarif).runs[0].results[0]?.suppressions;

  it("is suppressed in SARIF from outside, with its reason", async () => {
    expect(await suppressed(accepted)).toEqual([
      { kind: "external", status: "accepted", justification: why },
    ]);
  });

  it.each([
    ["where it is live elsewhere too", { ...accepted, liveIn: ["production", "staging"] }, about],
    ["where it is live nowhere", { ...accepted, liveIn: [] }, about],
    ["in another environment", accepted, { ...about, environment: "staging" }],
    ["of another release", { ...accepted, accepted: [{ ...risk, release: "sha256:0" }] }, about],
    ["once it is gone", { ...accepted, status: "closed" as const }, about],
  ])("is not suppressed %s", async (_, one, what) => {
    expect(await suppressed(one, what)).toEqual([]);
  });

  it("is suppressed in the document of the environment that accepted it", async () => {
    const one = { ...accepted, liveIn: [] };
    expect(await suppressed(one, { ...about, environment: "production" })).toHaveLength(1);
  });

  it("has columns in CSV, and stands in the record in JSON", async () => {
    const [head, row] = (await write("csv", [accepted])).split("\r\n");
    expect(head).toContain("acceptedIn,acceptedUntil,acceptedBy,acceptedWhy");
    expect(row).toContain("production,2026-12-31T00:00:00.000Z,W-7,no fix is out");
    const json = JSON.parse(await write("json", [accepted])) as {
      findings: { record: { accepted: unknown } }[];
    };
    expect(json.findings[0]?.record.accepted).toEqual([risk]);
  });
});

describe("hostile texts", () => {
  const hostile = `</finding>&\u0000\u0008"']]>\uD800\uFFFE\r\n{{x}}`;

  it.each(["sarif", "json", "code-dx", "threadfix"] as const)(
    "stay texts in %s",
    async (format) => {
      const one = finding({
        rule: `r${hostile}`,
        title: hostile,
        message: hostile,
        place: { kind: "file", path: `a/${hostile}` },
        fingerprints: [{ algorithm: hostile, value: hostile }],
      });
      const { observations } = read(format, await write(format, [one, finding()]));
      expect(observations).toHaveLength(2);
      expect(observations[1]?.rule).toBe("CVE-2021-23337");
    },
  );
});

it("makes of what the API shows the newest observation's details and the last reason", () => {
  const { scope: _scope, cvss: _cvss, references: _references, ...rest } = finding();
  const exported = exportedOf({
    ...rest,
    status: "false-positive",
    observations: [
      {
        observation: {
          rule: "r",
          severity: "low",
          severityStated: true,
          title: "t",
          message: "",
          place: {
            kind: "resource",
            name: "x",
          },
          cwe: [],
          aliases: [],
          suppressed: false,
          unchanged: false,
          scope: "f()",
        },
      },
    ],
    history: [
      { to: "false-positive", by: "ada", text: "first" },
      { to: "open", by: "ada", text: "no" },
      { to: "false-positive", by: "bob", text: "second" },
    ],
    claims: [
      { status: "fixed", justification: "", by: "x", trusted: true },
      { status: "not-affected", justification: "j", by: "y", trusted: false },
    ],
  });
  expect(exported).toMatchObject({
    scope: "f()",
    falsePositive: { reason: "second", by: "bob" },
    claim: { status: "fixed", by: "x" },
  });
});

it("writes many findings one by one", async () => {
  async function* many(): AsyncIterable<ExportedFinding> {
    for (let index = 1; index <= 1_000; index += 1) yield finding({ id: `F-${index}` });
  }
  for (const format of exportFormats) {
    let longest = 0;
    for await (const part of exporters[format].write(many(), about)) {
      longest = Math.max(longest, part.length);
    }
    expect(longest).toBeLessThan(10_000);
  }
});
