import {
  type KeyObject,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
} from "node:crypto";
import { readFile } from "node:fs/promises";
import { TidelockError } from "../../model/errors.ts";
import { errorCode, writeDurably } from "../os/durable.ts";

/** Beside the state. */
export const keyFile = "agent-key.pem";

export interface AgentKeys {
  /** Ed25519: signs the journal and tester credentials. Never leaves this process. */
  readonly signing: KeyObject;
  /** SPKI PEM of its public half. */
  readonly publicKey: string;
  /** For keyed digests of what may hold secrets. */
  readonly content: Buffer;
}

/** Reads the agent's key, making it at the first start (0600). Throws `failed` when it is damaged. */
export async function loadKeys(path: string): Promise<AgentKeys> {
  const pem = await readOrCreate(path);
  try {
    const signing = createPrivateKey(pem);
    const raw = signing.export({ format: "der", type: "pkcs8" });
    return {
      signing,
      publicKey: createPublicKey(signing).export({ format: "pem", type: "spki" }).toString(),
      content: Buffer.from(hkdfSync("sha256", raw, "", "tidelock agent content digest", 32)),
    };
  } catch (cause) {
    throw new TidelockError("failed", "the agent's signing key is damaged", {
      where: path,
      hint: "restore it from a backup; a new key would not match the journal",
      cause,
    });
  }
}

async function readOrCreate(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  await writeDurably(path, pem);
  return pem;
}
