import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { TidelockError } from "../../../model/errors.ts";
import type { Engine } from "../../engine.ts";

/** Keys that every server of a database has and the database has not, each for one use. */

const keys = new WeakMap<Engine, Map<string, Promise<Buffer>>>();

/** @param use what it is for: another text, another key */
export function keyFor(engine: Engine, use: string): Promise<Buffer> {
  let known = keys.get(engine);
  if (known === undefined) keys.set(engine, (known = new Map()));
  let key = known.get(use);
  if (key === undefined) {
    const of = known;
    key = engine.log.keys
      .sealingKey()
      .then((master) => Buffer.from(hkdfSync("sha256", master, "", use, 32)));
    key.catch(() => of.delete(use));
    known.set(use, key);
  }
  return key;
}

/** A digest that nobody can make or test without the key. */
export async function keyedDigest(engine: Engine, use: string, text: string): Promise<string> {
  return createHmac("sha256", await keyFor(engine, use))
    .update(text)
    .digest("hex");
}

/** AES-256-GCM with a random nonce: nonce (12), ciphertext, tag (16). `about` is authenticated with it. */
export async function sealed(
  engine: Engine,
  use: string,
  about: string,
  bytes: Uint8Array,
): Promise<Buffer> {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", await keyFor(engine, use), nonce);
  cipher.setAAD(Buffer.from(about));
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/** @throws TidelockError `digest-mismatch` for anything but what `sealed` gave for this use and `about` */
export async function opened(
  engine: Engine,
  use: string,
  about: string,
  bytes: Buffer,
): Promise<Buffer> {
  const key = await keyFor(engine, use);
  try {
    const cipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), {
      authTagLength: 16,
    });
    cipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(-16));
    return Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]);
  } catch {
    // Said below, without a cause: nothing of the content belongs into an error.
  }
  throw new TidelockError("digest-mismatch", "what was sealed was changed, or is about another", {
    hint: "begin again; what the database holds was edited if this goes on",
  });
}
