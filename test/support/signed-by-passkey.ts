import { verifyAuthenticationResponse } from "@simplewebauthn/server";
import { expect } from "vitest";
import { decodeBase64, encodeBase64 } from "../../src/evidence/bytes.ts";
import { statementPayloadType } from "../../src/evidence/dsse.ts";
import { AssertedPayload } from "../../src/evidence/person-signature.ts";
import { encodeStatement, readStatement, type Statement } from "../../src/evidence/statement.ts";
import { signingChallenge } from "../../src/identity/signing/challenge.ts";
import { encodeBase64url, readNewCredential } from "../../src/identity/webauthn/enrolment.ts";
import { passkeyText } from "../../src/identity/webauthn/passkey-text.ts";
import type { Credential } from "../../src/model/webauthn.ts";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import { readZip } from "../../src/audit/zip/read-zip.ts";
import { operator } from "./engine-bench.ts";
import { SoftAuthenticator, type SoftOptions } from "./soft-authenticator.ts";

/** Statements that passkeys sign, and an independent library that says whether they did. */

export interface PasskeyPerson {
  readonly person: string;
  readonly passkey: SoftAuthenticator;
}

/** Somebody with an authenticator that does what a test tells it. */
export async function enrolPasskey(
  plane: ControlPlane,
  name: string,
  rights: readonly string[],
): Promise<PasskeyPerson> {
  const { passkey, key } = softPasskey();
  const { person } = await plane.people.add(operator, { name, key, also: [] });
  for (const right of rights) {
    await plane.people.grant(operator, { name, right, service: null, environment: null });
  }
  return { person, passkey };
}

/** One with the line of text by which it is enrolled. */
export function softPasskey(): { readonly passkey: SoftAuthenticator; readonly key: string } {
  const passkey = new SoftAuthenticator();
  const challenge = encodeBase64url(new Uint8Array(32));
  const made = passkey.create(challenge, "");
  const expected = { challenge: new Uint8Array(32), rpId: "localhost", origin: "http://localhost" };
  const read = readNewCredential(made, expected);
  if (!read.ok) throw new Error(read.problem);
  return { passkey, key: passkeyText(read.value.credential) };
}

export function byPasskey(
  { passkey }: Pick<PasskeyPerson, "passkey">,
  statement: Statement,
  options: SoftOptions = {},
): Uint8Array {
  const payload = encodeStatement(statement);
  const webauthn = passkey.get(encodeBase64url(signingChallenge(payload)), options);
  const asserted = { payloadType: statementPayloadType, payload: encodeBase64(payload), webauthn };
  return Buffer.from(JSON.stringify(asserted));
}

/** What passkeys signed of a pack, with the kind of statement. */
export function assertedIn(zip: Uint8Array) {
  const found = new Map<string, { readonly states: string; readonly given: AssertedPayload }>();
  for (const [, bytes] of readZip(zip)) {
    const file = Buffer.from(bytes).toString("utf8");
    if (!file.startsWith('{"payloadType"')) continue;
    const read = AssertedPayload.safeParse(JSON.parse(file));
    if (!read.success) continue;
    const payload = decodeBase64(read.data.payload) ?? new Uint8Array();
    const statement = readStatement(payload);
    const states = statement.ok ? statement.value.predicateType : "nothing";
    found.set(read.data.payload, { states, given: read.data });
  }
  return [...found.values()];
}

/** That @simplewebauthn/server takes it for exactly this statement, and for no other. */
export async function expectTaken(
  given: AssertedPayload,
  credential: Credential,
  origin: string,
): Promise<void> {
  const payload = decodeBase64(given.payload) ?? new Uint8Array();
  const check = (expectedChallenge: string) =>
    verifyAuthenticationResponse({
      response: {
        id: given.webauthn.credentialId,
        rawId: given.webauthn.credentialId,
        type: "public-key",
        clientExtensionResults: {},
        response: given.webauthn,
      },
      expectedChallenge,
      expectedOrigin: origin,
      expectedRPID: "localhost",
      requireUserVerification: true,
      credential: {
        id: credential.credentialId,
        publicKey: new Uint8Array(Buffer.from(credential.coseKey, "base64url")),
        counter: 0,
      },
    });
  expect((await check(encodeBase64url(signingChallenge(payload)))).verified).toBe(true);
  await expect(check(encodeBase64url(new Uint8Array(32)))).rejects.toThrow("challenge");
}
