import { expect, it } from "vitest";
import { SoftAuthenticator, synced } from "../../../test/support/soft-authenticator.ts";
import { digestBytes, encodeBase64, utf8 } from "../../evidence/bytes.ts";
import { statementPayloadType } from "../../evidence/dsse.ts";
import { encodeStatement } from "../../evidence/statement.ts";
import { approvalStatement, basisDigest } from "../../identity/approval/statement.ts";
import { signingChallenge } from "../../identity/signing/challenge.ts";
import { encodeBase64url, readNewCredential } from "../../identity/webauthn/enrolment.ts";
import { passkeyText } from "../../identity/webauthn/passkey-text.ts";
import type { ApprovalAsked, ApprovalBasis } from "../../model/approval.ts";
import { canonicalJson } from "../../model/canonical.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { Findings } from "../report.ts";
import { checkApprovals } from "./approvals.ts";
import { Blobs } from "./blobs.ts";

const digest = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;
const person = `person:${"a".repeat(32)}`;
const basis: ApprovalBasis = { checks: [], findings: [] };
const asked: ApprovalAsked = {
  request: "1".repeat(32),
  ledger: "tidelock/x",
  service: "shop",
  environment: "production",
  promotion: "p1",
  version: "1.0.0",
  release: digest("1"),
  configuration: digest("2"),
  plan: digest("3"),
  policy: digest("4"),
  decision: basisDigest(basis),
  asks: [{ roles: ["sre"], count: 1, notBeforeMs: 0, expiresMs: 60_000 }],
};

/** A passkey and an approval that it signed, as the log and the pack have them. */
function story(flags?: number) {
  const key = new SoftAuthenticator();
  const challenge = utf8("a challenge");
  const options = flags === undefined ? {} : { flags };
  const made = readNewCredential(key.create(encodeBase64url(challenge), "", options), {
    challenge,
    rpId: "localhost",
    origin: "http://localhost",
  });
  if (!made.ok) throw new Error(made.problem);
  const { credential } = made.value;
  const id = digestBytes(Buffer.from(credential.coseKey, "base64url"));
  const answer = {
    purpose: "approve",
    person,
    role: "sre",
    reason: "",
    notBefore: null,
    expires: null,
  } as const;
  const payload = encodeStatement(approvalStatement({ asked, basis }, answer));
  const webauthn = key.get(encodeBase64url(signingChallenge(payload)), options);
  const signed = { payloadType: statementPayloadType, payload: encodeBase64(payload), webauthn };
  const bytes = utf8(JSON.stringify(signed));
  const backup = flags === synced;
  const enrolled = { person, publicKey: passkeyText(credential), webauthn: credential };
  const grant = { grant: "g1", person, right: "approve:sre", service: null, environment: null };
  const answered = {
    ...answer,
    answer: digestBytes(bytes),
    request: asked.request,
    key: id,
    method: "webauthn",
    asserted: { backupEligible: backup, backedUp: backup },
  };
  return { credential, id, bytes, enrolled, grant, answered };
}

type Told = ReturnType<typeof story>;
type Line = readonly [kind: string, operation: string, payload: unknown, stream?: string];

function problems(told: Told, before: readonly Line[], said: object = {}): readonly string[] {
  const lines: readonly Line[] = [
    ...before,
    ["grant.added", "grant/g1/1", { ...told.grant, removed: false }],
    [
      "approval.asked",
      "approval-request/1/1",
      { request: asked.request, asked, voidedAt: null, why: null },
    ],
    ["approval.answered", "approval-answer/1", { ...told.answered, ...said }],
  ];
  const entries = lines.map(
    ([kind, operation, payload], index) =>
      ({ index, leaf: { kind, operation, stream: "shop/production" }, payload }) as LogEntry,
  );
  const findings = new Findings(true);
  const files = new Map([
    [paths.blob(asked.decision), utf8(canonicalJson(basis))],
    [paths.blob(told.answered.answer), told.bytes],
  ]);
  checkApprovals(entries, new Set(["tidelock/x"]), new Blobs(files, entries, findings), findings);
  return findings.problems.map(({ message }) => message);
}

const added = ({ id, enrolled }: Told): Line => [
  "person.key-added",
  `person-key/${id}/1`,
  enrolled,
];
const signsIn = ({ id, credential }: Told, other: object = {}): Line => [
  "passkey.added",
  "passkey/k1/1",
  { passkey: "k1", person, key: id, credentialId: credential.credentialId, ...other },
];

it("takes an approval of a passkey that was enrolled for approvals", () => {
  for (const flags of [undefined, synced]) {
    const told = story(flags);
    expect(problems(told, [added(told)])).toEqual([]);
  }
});

it("refuses one that was signed with a passkey for sign-in, whatever the log says of it besides", () => {
  const told = story();
  expect(problems(told, [signsIn(told)]).join()).toContain("no entry before it says whose key");
  expect(problems(told, [signsIn(told), added(told)]).join()).toContain("signs somebody in");
  const sameId = signsIn(told, { key: digest("9") });
  expect(problems(told, [added(told), sameId]).join()).toContain("signs somebody in");
});

it("refuses an entry that calls a key bound to one device which is none", () => {
  const told = story(synced);
  const bound = { asserted: { backupEligible: false, backedUp: false } };
  expect(problems(told, [added(told)], bound).join()).toContain(
    "something else than what was signed",
  );
});
