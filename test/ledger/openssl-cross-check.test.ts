import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { verifyCheckpoint } from "../../src/ledger/checkpoint.ts";
import { cosign } from "../../src/ledger/cosignature.ts";
import { formatNote, keyId, noteKey, noteKeyTypes, parseNote } from "../../src/ledger/note.ts";
import { concat, fromHex, utf8 } from "../../src/ledger/bytes.ts";
import { needsTool } from "../support/optional.ts";
import { LogInMemory, aSigner } from "./support.ts";

const openssl = needsTool("openssl");
const folder = mkdtempSync(join(tmpdir(), "tidelock-openssl-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** As docs/ledger.md says to verify by hand. */
function opensslVerifies(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  // SubjectPublicKeyInfo of Ed25519 (RFC 8410): twelve fixed bytes, then the key.
  const spki = file("key.der", concat(fromHex("302a300506032b6570032100"), publicKey));
  const args = ["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", spki, "-rawin"];
  const files = ["-in", file("message", message), "-sigfile", file("signature", signature)];
  return spawnSync(openssl.path, [...args, ...files]).status === 0;
}

describe.skipIf(openssl.missing)("openssl", () => {
  const memory = new LogInMemory().fill(5);

  it("verifies the signature of a checkpoint and the cosignature of a witness", async () => {
    const signer = aSigner("tidelock/one");
    const witness = aSigner("witness.example/w1", noteKeyTypes.cosignature);
    const { text, signatures } = parseNote(await memory.checkpoint(signer));
    const { signature } = signatures[0] ?? { signature: new Uint8Array(0) };
    expect(opensslVerifies(signer.publicKey, utf8(text), signature)).toBe(true);
    expect(opensslVerifies(signer.publicKey, utf8(text.replace("5", "6")), signature)).toBe(false);
    const cosigned = await cosign(text, 1_700_000_000, witness);
    const message = utf8(`cosignature/v1\ntime 1700000000\n${text}`);
    expect(opensslVerifies(witness.publicKey, message, cosigned.signature.subarray(8))).toBe(true);
  });

  it("makes a key and a signature that we verify", async () => {
    const key = join(folder, "log.pem");
    execFileSync(openssl.path, ["genpkey", "-algorithm", "ed25519", "-out", key]);
    const der = execFileSync(openssl.path, ["pkey", "-in", key, "-pubout", "-outform", "DER"]);
    const publicKey = Uint8Array.from(der.subarray(-32));
    const { text } = parseNote(await memory.checkpoint(aSigner("tidelock/one")));
    const output = join(folder, "made");
    execFileSync(openssl.path, [
      "pkeyutl",
      "-sign",
      "-inkey",
      key,
      "-rawin",
      "-in",
      file("text", text),
      "-out",
      output,
    ]);
    const signature = Uint8Array.from(readFileSync(output));
    const name = "tidelock/one";
    const id = keyId(name, noteKeyTypes.ed25519, publicKey);
    const note = formatNote({ text, signatures: [{ name, id, signature }] });
    const keys = [noteKey(name, noteKeyTypes.ed25519, publicKey)];
    expect(verifyCheckpoint(note, { origin: name, keys })).toMatchObject({ ok: true });
  });
});
