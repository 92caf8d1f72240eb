import { generateKeyPairSync, sign as signBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { SoftAuthenticator } from "../../../test/support/soft-authenticator.ts";
import { digestBytes, encodeBase64, utf8 } from "../../evidence/bytes.ts";
import { encodeEnvelope, statementPayloadType } from "../../evidence/dsse.ts";
import { waiverStatement } from "../../evidence/predicates/waiver-consent.ts";
import { encodeStatement, signStatement } from "../../evidence/statement.ts";
import { signingChallenge } from "../../identity/signing/challenge.ts";
import { encodeBase64url } from "../../identity/webauthn/enrolment.ts";
import { canonicalJson } from "../../model/canonical.ts";
import type { Waived } from "../../model/waiver.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { Findings } from "../report.ts";
import { Blobs } from "./blobs.ts";
import { notePasskeyCounts } from "./passkey-counts.ts";
import { checkWaivers, waiversNotOnRecord } from "./waivers.ts";

const digest = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;
const waived: Waived = {
  waiver: "W-7",
  ledger: "tidelock/x",
  service: "shop",
  environment: "production",
  release: null,
  of: { kind: "check", check: "sast", uses: "sast", demand: digest("1"), verdicts: ["fail"], failing: ["eval"] }, // prettier-ignore
  reason: "no way around it yet",
  control: "a rule of the firewall",
  owner: "maria",
  until: "2027-01-01T00:00:00Z",
};
const json = (value: unknown): Uint8Array => utf8(canonicalJson(value));

/** Somebody with a key file, and what they signed under a waiver. */
async function signer(letter: string, what: Waived = waived) {
  const person = `person:${letter.repeat(32)}`;
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = digestBytes(publicKey.export({ type: "spki", format: "der" }));
  const by = {
    name: letter,
    publicKey: new Uint8Array(),
    sign: async (message: Uint8Array) => signBytes(null, message, privateKey),
  };
  const bytes = encodeEnvelope(await signStatement(by, waiverStatement(what, person)));
  const envelope = json(encodeBase64(bytes));
  const pem = publicKey.export({ type: "spki", format: "pem" }) as string;
  return { person, key, envelope, pem };
}
type Signer = Awaited<ReturnType<typeof signer>>;
let ann: Signer;
let tom: Signer;
beforeAll(async () => {
  [ann, tom] = await Promise.all([signer("a"), signer("b")]);
});

const under = (...signers: readonly Signer[]) =>
  signers.map(({ person, key, envelope }) => ({ person, key, envelope: digestBytes(envelope) }));
const row = (state: string, signers: readonly Signer[], more: object = {}) => ({
  waiver: "7",
  content: digestBytes(json(waived)),
  state,
  signatures: under(...signers),
  ...more,
});

interface Told {
  /** What the entries of the waiver say, one after the other. */
  readonly lines?: readonly (readonly [kind: string, payload: unknown])[];
  readonly right?: string;
  readonly content?: Waived;
  readonly stream?: string;
  readonly blobs?: readonly Uint8Array[];
}

const whole = (): NonNullable<Told["lines"]> => [
  ["waiver.proposed", row("proposed", [])],
  ["waiver.signed", row("proposed", [ann])],
  ["waiver.signed", row("in-force", [ann, tom])],
];

function entriesOf({ lines = whole(), right = "risks.accept", stream = "shop/production" }: Told) {
  const people = [ann, tom].flatMap(({ person, key, pem }) => [
    ["person.key-added", `person-key/${key}/1`, { person, publicKey: pem, webauthn: null }],
    ["grant.added", `grant/${person}/1`, { grant: person, person, right, service: null, environment: null, removed: false }], // prettier-ignore
  ]);
  const waiver = lines.map(([kind, payload], at) => [kind, `waiver/7/${at + 1}`, payload]);
  return [...people, ...waiver].map(
    ([kind, operation, payload], index) =>
      ({ index, leaf: { kind, operation, stream }, payload }) as unknown as LogEntry,
  );
}

const filesOf = ({ blobs = [ann.envelope, tom.envelope], content = waived }: Told) =>
  new Map([json(content), ...blobs].map((bytes) => [paths.blob(digestBytes(bytes)), bytes]));

function problems(told: Told = {}): string {
  const findings = new Findings(true);
  const entries = entriesOf(told);
  checkWaivers(entries, new Set(["tidelock/x"]), new Blobs(filesOf(told), entries, findings), findings); // prettier-ignore
  return findings.problems.map(({ message }) => message).join("; ");
}

describe("an accepted risk in a pack", () => {
  it("verifies where two people signed exactly what the log names", () => {
    expect(problems()).toBe("");
  });

  it("does not without the signatures, or without what they are about", () => {
    expect(problems({ blobs: [ann.envelope] })).toContain("the signature that the entry names is missing"); // prettier-ignore
    const other = { ...waived, reason: "none" };
    expect(problems({ content: other })).toContain("what was accepted that the entry names is missing"); // prettier-ignore
  });

  it("does not where something else was signed, by whoever has the log's key", async () => {
    // The server writes another end, and its entries name it: the signatures do not.
    const longer: Waived = { ...waived, until: "2031-01-01T00:00:00Z" };
    const content = { content: digestBytes(json(longer)) };
    const lines = whole().map(([kind, payload]) => [kind, { ...(payload as object), ...content }] as const); // prettier-ignore
    expect(problems({ lines, content: longer })).toContain("signed for another until");
    // Ann's signature in Tom's name.
    const forged = { ...tom, envelope: ann.envelope };
    const signed = whole().slice(0, 2);
    const last = ["waiver.signed", row("in-force", [ann, forged])] as const;
    expect(problems({ lines: [...signed, last] })).toContain("waiver-consent");
  });

  it("does not where one person signed twice, a signature is nobody's entry, or it is in force too early", () => {
    const [proposed, first] = whole();
    const lines = (...more: NonNullable<Told["lines"]>) => [proposed!, first!, ...more];
    const twice = lines(["waiver.signed", row("in-force", [ann, ann])]);
    expect(problems({ lines: twice })).toContain("had signed it before");
    const slipped = lines(["waiver.ended", row("in-force", [ann, tom])]);
    expect(problems({ lines: slipped })).toContain("signatures that no entry is about");
    const early = [proposed!, ["waiver.signed", row("in-force", [ann])] as const];
    expect(problems({ lines: early })).toContain("two people have not signed it");
    const over = lines(["waiver.withdrawn", row("withdrawn", [ann])], whole()[2]!);
    expect(problems({ lines: over })).toContain("it was over before");
  });

  it("does not without the right, or in another lane or log", () => {
    expect(problems({ right: "approve:sre" })).toContain("had no right risks.accept there");
    expect(problems({ stream: "shop/staging" })).toContain("it is of another lane");
  });

  it("is nothing that a decision may hold otherwise", () => {
    const held = (change: object, people: readonly string[]) =>
      waiversNotOnRecord(
        { kind: "gate", waivers: { policy: null, findings: [], signed: [{ waived: { ...waived, ...change }, since: "", people }] } } as never, // prettier-ignore
        "shop/production",
        entriesOf({}),
        filesOf({}),
      );
    expect(held({}, [ann.person, tom.person])).toEqual([]);
    const wrong = ["its inputs hold W-7, which the log does not say so"];
    expect(held({ until: "2031-01-01T00:00:00Z" }, [ann.person, tom.person])).toEqual(wrong);
    expect(held({}, [ann.person, ann.person])).toEqual(wrong);
  });
});

describe("the count of a passkey", () => {
  function notes(...counts: readonly number[]): readonly string[] {
    const key = new SoftAuthenticator();
    const files = new Map<string, Uint8Array>();
    const entries = counts.map((signCount, index) => {
      const payload = encodeStatement(
        waiverStatement({ ...waived, reason: `${index}` }, ann.person),
      );
      const webauthn = key.get(encodeBase64url(signingChallenge(payload)), { signCount });
      const signed = {
        payloadType: statementPayloadType,
        payload: encodeBase64(payload),
        webauthn,
      };
      const envelope = json(encodeBase64(utf8(JSON.stringify(signed))));
      files.set(paths.blob(digestBytes(envelope)), envelope);
      const leaf = { kind: "waiver.signed", operation: `waiver/7/${index}`, stream: "s" };
      return { index, leaf, payload: row("proposed", [{ ...ann, envelope }]) } as unknown as LogEntry; // prettier-ignore
    });
    const findings = new Findings(true);
    notePasskeyCounts(entries, files, findings);
    expect(findings.problemCount).toBe(0);
    return findings.lines().flatMap((line) => line.notes);
  }

  it("is said where it does not rise, and not where it rises or there is none", () => {
    expect(notes(1, 2, 9)).toEqual([]);
    expect(notes(0, 0)).toEqual([]);
    const told = "entry 2: the passkey that signed counts 5, and counted 7 in entry 1: there may be a copy of it"; // prettier-ignore
    expect(notes(5, 7, 5)).toEqual([told]);
    expect(notes(3, 3)).toHaveLength(1);
  });
});
