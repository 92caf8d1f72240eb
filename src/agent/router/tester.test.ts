import { generateKeyPairSync, sign } from "node:crypto";
import { expect, test } from "vitest";
import { mint, testerHeader, testerKey, verifyTester } from "./tester.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");

test("a credential is valid for its lane until it expires", () => {
  const { header, value, expiresAt } = mint(privateKey, "shop/production", 1_000, 5_000);
  expect(header).toBe(testerHeader);
  expect(expiresAt).toBe(new Date(6_000).toISOString());
  const verdict = (lane: string, now: number) => verifyTester(value, publicKey, lane, now).kind;
  expect(verdict("shop/production", 5_999)).toBe("valid");
  expect(verdict("shop/production", 6_000)).toBe("expired");
  expect(verdict("shop/staging", 5_000)).toBe("other-lane");
});

test("two credentials are never the same, so that one can be traced", () => {
  const values = new Set(Array.from({ length: 50 }, () => mint(privateKey, "a/b", 1, 0).value));
  expect(values.size).toBe(50);
});

test("whatever was not signed by the agent is invalid", () => {
  const { value } = mint(privateKey, "shop/production", 1_000, 5_000);
  const [payload = "", signature = ""] = value.split(".");
  const forged = Buffer.from('{"lane":"shop/production","expires":9e15,"nonce":""}').toString(
    "base64url",
  );
  const others = [
    "",
    ".",
    payload,
    `${forged}.${signature}`,
    `${payload}.${signature}x`,
    `${value}=`,
    "x".repeat(5_000),
  ];
  for (const other of others) {
    expect(verifyTester(other, publicKey, "shop/production", 5_000).kind).toBe("invalid");
  }
});

test("a signed payload that is no credential is invalid", () => {
  // The agent's key must not make a credential of something else that it signs.
  for (const payload of [
    "[]",
    "null",
    "7",
    '{"lane":"a/b"}',
    '{"lane":"a/b","expires":"never","nonce":""}',
    "{",
  ]) {
    const text = Buffer.from(payload).toString("base64url");
    const value = `${text}.${sign(null, Buffer.from(text), privateKey).toString("base64url")}`;
    expect(verifyTester(value, publicKey, "a/b", 0).kind).toBe("invalid");
  }
});

test("only an Ed25519 key is a tester key", () => {
  const rsa = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  const pem = rsa.export({ type: "spki", format: "pem" }).toString();
  expect(() => testerKey(pem)).toThrow("must be Ed25519");
});
