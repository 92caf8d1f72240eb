import { generateKeyPairSync, sign } from "node:crypto";
import { expect, it } from "vitest";
import { utf8 } from "../../evidence/bytes.ts";
import { encodeEnvelope, signEnvelope, statementPayloadType } from "../../evidence/dsse.ts";
import { readPublicKey } from "../../evidence/keys.ts";
import { good } from "../../evidence/result.ts";
import { encodeStatement, makeStatement, readStatement } from "../../evidence/statement.ts";
import { verifySigned } from "./signed.ts";

it("takes what somebody signed in its one spelling: no member twice, no other order, nothing without end", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = readPublicKey(publicKey.export({ type: "spki", format: "pem" }) as string);
  const keys = { keys: key.ok ? [key.value] : [], credentials: [] };
  const signer = {
    name: "somebody",
    publicKey: new Uint8Array(),
    sign: async (message: Uint8Array) => sign(null, message, privateKey),
  };
  const verified = async (text: string) => {
    const envelope = await signEnvelope(signer, statementPayloadType, utf8(text));
    return verifySigned(encodeEnvelope(envelope), keys, () => good("said"));
  };
  const digest = `sha256:${"a".repeat(64)}` as const;
  const about = [{ name: "Jos\u00e9", digest }];
  const statement = makeStatement(about, "https://tidelock.dev/predicate/x/v1", { answer: "no" });
  const text = Buffer.from(encodeStatement(statement)).toString();
  expect(await verified(text)).toMatchObject({ ok: true, value: { said: "said" } });
  const twice = text.replace('"answer":"no"', '"answer":"yes","answer":"no"');
  // Whoever takes the last of two reads the same in both.
  expect(readStatement(utf8(twice))).toEqual(readStatement(utf8(text)));
  for (const other of [
    twice,
    text.replace('"answer"', '"answer":"yes","\\u0061nswer"'),
    text.replace("\u00e9", "\\u00e9"),
    text.replace('"no"', '"\\ud800"'),
    text.replace('"no"', "1.0"),
    `${text}\n`,
    JSON.stringify(statement, null, 1),
    text.replace('"no"', `${"[".repeat(50_000)}${"]".repeat(50_000)}`),
    "",
    "no",
  ]) {
    const what = other.slice(0, 60);
    expect([what, await verified(other)]).toEqual([
      what,
      { ok: false, problem: expect.stringContaining("canonical JSON") },
    ]);
  }
});
