import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sshKey } from "../../../test/support/git-people.ts";
import { concat, encodeBase64, utf8 } from "../bytes.ts";
import { readSshKey } from "./ssh-key.ts";
import { verifySshSignature } from "./ssh-signature.ts";
import { wireString } from "./wire.ts";

const message = utf8("what is signed\n");

function signed(
  file: string,
  namespace = "git",
  text: Uint8Array = message,
  hash = "sha512",
): string {
  const argv = ["-Y", "sign", "-q", "-n", namespace, "-O", `hashalg=${hash}`, "-f", file];
  return execFileSync("ssh-keygen", argv, { input: text, encoding: "utf8", stdio: "pipe" });
}

describe("a signature of ssh-keygen", () => {
  it.each([
    ["ed25519", undefined],
    ["ecdsa", 256],
    ["ecdsa", 384],
    ["ecdsa", 521],
    ["rsa", 2048],
    ["rsa", 3072],
  ] as const)(
    "by a key of the kind %s %s names the key that made it, and is of its bytes alone",
    (type, bits) => {
      const key = sshKey(type, bits);
      const read = readSshKey(key.publicKey);
      if (!read.ok) throw new Error(read.problem);
      expect(read.value.text).not.toContain("comment");
      const printed = execFileSync("ssh-keygen", ["-l", "-f", `${key.file}.pub`], {
        encoding: "utf8",
      });
      expect(printed).toContain(read.value.fingerprint);
      for (const hash of ["sha256", "sha512"]) {
        const signature = signed(key.file, "git", message, hash);
        const found = verifySshSignature(signature, "git", message);
        expect(found).toMatchObject({ ok: true, value: { id: read.value.id } });
        expect(verifySshSignature(signature, "git", utf8("something else")).ok).toBe(false);
        expect(verifySshSignature(signature, "file", message).ok).toBe(false);
      }
      expect(verifySshSignature(signed(key.file, "file"), "git", message)).toMatchObject({
        ok: false,
        problem: expect.stringContaining("signed for"),
      });
    },
  );

  it("is broken by any changed byte", () => {
    const signature = signed(sshKey().file);
    const body = signature.split("\n").slice(1, -2).join("");
    const bytes = Buffer.from(body, "base64");
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ mask;
        const text = `-----BEGIN SSH SIGNATURE-----\n${other.toString("base64")}\n-----END SSH SIGNATURE-----\n`;
        expect(verifySshSignature(text, "git", message).ok).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it("is none where it cannot be read, and never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const inside = concat(utf8("SSHSIG"), Uint8Array.of(0, 0, 0, 1), bytes);
        for (const one of [bytes, inside]) {
          const text = `-----BEGIN SSH SIGNATURE-----\n${encodeBase64(one)}\n-----END SSH SIGNATURE-----\n`;
          expect(verifySshSignature(text, "git", message).ok).toBe(false);
        }
      }),
    );
    expect(verifySshSignature("", "git", message).ok).toBe(false);
  });
});

/** As a security token signs (PROTOCOL.u2f), with keys in memory. */
function tokenSignature(kind: "ed25519" | "ecdsa", flags: number, text = message): string {
  const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
  const application = utf8("ssh:");
  const secret =
    kind === "ed25519" ? ed25519.utils.randomSecretKey() : p256.utils.randomSecretKey();
  const type = utf8(
    kind === "ed25519" ? "sk-ssh-ed25519@openssh.com" : "sk-ecdsa-sha2-nistp256@openssh.com",
  );
  const point =
    kind === "ed25519" ? ed25519.getPublicKey(secret) : p256.getPublicKey(secret, false);
  const curve = kind === "ed25519" ? [] : [wireString(utf8("nistp256"))];
  const key = concat(wireString(type), ...curve, wireString(point), wireString(application));
  const hashed = createHash("sha512").update(text).digest();
  const head = [utf8("SSHSIG"), Uint8Array.of(0, 0, 0, 1)];
  const what = [wireString(utf8("git")), wireString(new Uint8Array()), wireString(utf8("sha512"))];
  const whole = concat(utf8("SSHSIG"), ...what, wireString(hashed));
  const counted = concat(Uint8Array.of(flags), Uint8Array.of(0, 0, 0, 9));
  const toSign = concat(hash(application), counted, hash(whole));
  const mpint = (bytes: Uint8Array) => {
    const at = bytes.findIndex((byte) => byte !== 0);
    const digits = bytes.subarray(at);
    return wireString((digits[0] ?? 0) >= 0x80 ? concat(Uint8Array.of(0), digits) : digits);
  };
  const raw =
    kind === "ed25519"
      ? ed25519.sign(toSign, secret)
      : p256.sign(toSign, secret, { format: "compact" });
  const inner =
    kind === "ed25519" ? raw : concat(mpint(raw.subarray(0, 32)), mpint(raw.subarray(32)));
  const signature = concat(wireString(type), wireString(inner), counted);
  const blob = concat(...head, wireString(key), ...what, wireString(signature));
  return `-----BEGIN SSH SIGNATURE-----\n${encodeBase64(blob)}\n-----END SSH SIGNATURE-----\n`;
}

describe("a signature of a security token", () => {
  it.each(["ed25519", "ecdsa"] as const)("counts when somebody touched it (%s)", (kind) => {
    expect(verifySshSignature(tokenSignature(kind, 1), "git", message).ok).toBe(true);
    expect(verifySshSignature(tokenSignature(kind, 5), "git", message).ok).toBe(true);
    expect(verifySshSignature(tokenSignature(kind, 0), "git", message).ok).toBe(false);
    expect(verifySshSignature(tokenSignature(kind, 1, utf8("x")), "git", message).ok).toBe(false);
  });
});

describe("a public key", () => {
  it("is refused where it is too weak, of another kind than it says, a certificate, or none", () => {
    const weak = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const key = sshKey().publicKey;
    const short = sshKey("rsa", 1024).publicKey;
    for (const text of [
      weak,
      short,
      key.replace("ssh-ed25519 ", "ssh-rsa "),
      "ssh-dss AAAAB3NzaC1kc3M= x",
      `${key}\n${key}`,
      "",
    ]) {
      expect(readSshKey(text).ok).toBe(false);
    }
  });
});
