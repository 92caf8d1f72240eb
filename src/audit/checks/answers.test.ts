import { generateKeyPairSync, sign } from "node:crypto";
import canonicalize from "canonicalize";
import { beforeAll, describe, expect, it } from "vitest";
import { digestBytes, utf8 } from "../../evidence/bytes.ts";
import { encodeEnvelope } from "../../evidence/dsse.ts";
import { readPublicKey } from "../../evidence/keys.ts";
import { answerStatement, formDigest } from "../../evidence/predicates/manual-answer.ts";
import { signStatement } from "../../evidence/statement.ts";
import { ManualForm } from "../../model/manual-check.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { Findings } from "../report.ts";
import { checkAnswers } from "./answers.ts";
import { Blobs } from "./blobs.ts";

const digest = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;
const person = `person:${"a".repeat(32)}`;
const form = ManualForm.parse({
  kind: "checklist",
  role: "qa",
  validFor: 60_000,
  answerWithin: 60_000,
  reuse: "same",
  items: [{ id: "one", text: "One" }],
});
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const pem = publicKey.export({ type: "spki", format: "pem" }) as string;
const known = readPublicKey(pem);
const key = known.ok ? known.value.id : "";

const asked = {
  request: "r1",
  ledger: "tidelock/x",
  person,
  role: "qa",
  check: "qa",
  service: "shop",
  environment: "staging",
  colour: "blue" as const,
  promotion: "p1",
  release: digest("1"),
  configuration: digest("2"),
  plan: digest("3"),
  form: formDigest(form),
};
const right = {
  grant: "g1",
  person,
  right: "checks.answer:qa",
  service: null,
  environment: "staging",
};
let envelope: Uint8Array;
let answered: Record<string, unknown>;

beforeAll(async () => {
  const signer = {
    name: "maria",
    publicKey: new Uint8Array(),
    sign: async (message: Uint8Array) => sign(null, message, privateKey),
  };
  const answers = { kind: "checklist" as const, items: [{ id: "one", result: "pass" as const }] };
  envelope = encodeEnvelope(await signStatement(signer, answerStatement(asked, form, answers)));
  answered = {
    ...asked,
    run: "p1/3/qa/1",
    answer: digestBytes(envelope),
    answeredAt: "2026-01-01T00:00:00.000Z",
    validUntil: "2026-01-01T00:01:00.000Z",
    key,
    reuses: null,
  };
});

type Line = readonly [kind: string, operation: string, payload: unknown];

const enrolled = (): Line[] => [
  ["person.key-added", `person-key/${key}/1`, { person, publicKey: pem }],
  ["grant.added", "grant/g1/1", { ...right, removed: false }],
];
const answer = (change: object = {}): Line => [
  "check.answered",
  "check-request/r1/2",
  { ...answered, ...change },
];
const reported = (change: object = {}): Line => [
  "check.reported",
  "p1/3/qa/1",
  {
    uses: "manual",
    verdict: "pass",
    release: asked.release,
    configuration: asked.configuration,
    colour: asked.colour,
    validUntil: answered["validUntil"],
    ...change,
  },
];

function problems(lines: readonly Line[], bytes = envelope): readonly string[] {
  const findings = new Findings(true);
  const entries = lines.map(
    ([kind, operation, payload], index) =>
      ({ index, leaf: { kind, operation, stream: "shop/staging" }, payload }) as LogEntry,
  );
  const questions = utf8(canonicalize({ kind: "ManualForm", formatVersion: 1, form }) ?? "");
  const files = new Map([
    [paths.blob(asked.form), questions],
    [paths.blob(digestBytes(envelope)), bytes],
  ]);
  checkAnswers(entries, new Set(["tidelock/x"]), new Blobs(files, entries, findings), findings);
  return findings.problems.map(({ message }) => message);
}

describe("the answers of a pack", () => {
  it("are good when key and right stood, and the signature is about exactly what was asked", () => {
    expect(problems([...enrolled(), answer(), reported()])).toEqual([]);
  });

  it.each<readonly [string, () => readonly Line[], string]>([
    ["nobody enrolled the key", () => [enrolled()[1] as Line, answer()], "whose key"],
    [
      "the key had been removed",
      () => [...enrolled(), ["person.key-removed", `person-key/${key}/2`, {}], answer()],
      "had been removed",
    ],
    ["nobody gave the right", () => [enrolled()[0] as Line, answer()], "had no right"],
    [
      "the right had ended",
      () => [...enrolled(), ["grant.removed", "grant/g1/2", { ...right, removed: true }], answer()],
      "had no right",
    ],
    [
      "the right came later",
      () => [enrolled()[0] as Line, answer(), enrolled()[1] as Line],
      "had no right",
    ],
    [
      "it is about another release",
      () => [...enrolled(), answer({ release: digest("9") })],
      "none of its subjects is the release",
    ],
    ["it is for another log", () => [...enrolled(), answer({ ledger: "tidelock/y" })], "not this"],
    [
      "it counts for longer",
      () => [...enrolled(), answer({ validUntil: "2027-01-01T00:00:00.000Z" })],
      "longer than the questions allow",
    ],
    [
      "what it uses again is not there",
      () => [...enrolled(), answer({ reuses: "r0" })],
      "which no entry before has",
    ],
    ["nobody answered, and it passed", () => [...enrolled(), reported()], "without an answer"],
    [
      "the answer to one promotion is counted for another",
      () => [
        ...enrolled(),
        answer({ run: "p2/3/qa/1" }),
        ["check.reported", "p2/3/qa/1", reported()[2]],
      ],
      "counted for the run p2/3/qa/1",
    ],
    [
      "the run was about another release",
      () => [...enrolled(), answer(), reported({ release: digest("9") })],
      "another release than its answer",
    ],
    [
      "another answer was erased",
      () => [
        ...enrolled(),
        ["check.asked", "check-request/r0/1", { request: "r0", run: "p0/3/qa/1" }],
        ["check.answered", "check-request/r0/2", null],
        reported(),
      ],
      "without an answer",
    ],
    [
      "the run counts for longer",
      () => [...enrolled(), answer(), reported({ validUntil: "2027-01-01T00:00:00.000Z" })],
      "another time than its answer",
    ],
  ])("are refused when %s", (_, lines, why) => {
    expect(problems(lines()).join("\n")).toContain(why);
  });

  it("are refused when one byte of what was signed is another", () => {
    const text = new TextDecoder().decode(envelope);
    const sig = /"sig":"(.)/.exec(text)?.[1] ?? "";
    const changed = text.replace(`"sig":"${sig}`, `"sig":"${sig === "A" ? "B" : "A"}`);
    expect(problems([...enrolled(), answer()], utf8(changed)).join()).toContain("signed by 0 of 1");
  });
});
