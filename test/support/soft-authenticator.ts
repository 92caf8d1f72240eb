import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import type { Assertion } from "../../src/model/webauthn.ts";
import { flag } from "../../src/identity/webauthn/assertion.ts";
import type { NewCredential } from "../../src/model/webauthn.ts";

/** An authenticator that does what a test tells it, also what no honest one would: it signs any challenge for any page. */
export interface SoftOptions {
  readonly rpId?: string;
  readonly origin?: string;
  readonly flags?: number;
  readonly signCount?: number;
  readonly type?: string;
  readonly crossOrigin?: boolean;
}

const here = { rpId: "localhost", origin: "http://localhost" };
export const verified = flag.present | flag.verified;
export const synced = verified | flag.backupEligible | flag.backedUp;

export class SoftAuthenticator {
  readonly id = randomBytes(16);
  readonly #key: KeyObject;
  readonly #cose: Buffer;
  handle = "";

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    this.#key = privateKey;
    // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
    this.#cose = Buffer.concat([
      Buffer.from("a5010203262001215820", "hex"),
      Buffer.from(x, "base64url"),
      Buffer.from("225820", "hex"),
      Buffer.from(y, "base64url"),
    ]);
  }

  /** @param challenge base64url */
  create(challenge: string, handle: string, options: SoftOptions = {}): NewCredential {
    this.handle = handle;
    const flags = (options.flags ?? verified) | flag.attested;
    const data = Buffer.concat([
      this.#head(flags, options),
      Buffer.alloc(16, 7),
      Buffer.from([0, this.id.length]),
      this.id,
      this.#cose,
    ]);
    const client = this.#client(challenge, { type: "webauthn.create", ...options });
    return {
      authenticatorData: data.toString("base64url"),
      clientDataJSON: client.toString("base64url"),
    };
  }

  get(challenge: string, options: SoftOptions = {}): Assertion {
    const data = this.#head(options.flags ?? verified, options);
    const client = this.#client(challenge, { type: "webauthn.get", ...options });
    const signed = Buffer.concat([data, createHash("sha256").update(client).digest()]);
    return {
      credentialId: this.id.toString("base64url"),
      authenticatorData: data.toString("base64url"),
      clientDataJSON: client.toString("base64url"),
      signature: sign("sha256", signed, this.#key).toString("base64url"),
    };
  }

  #head(flags: number, { rpId = here.rpId, signCount = 0 }: SoftOptions): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(signCount);
    return Buffer.concat([createHash("sha256").update(rpId).digest(), Buffer.from([flags]), count]);
  }

  #client(challenge: string, { type, origin = here.origin, crossOrigin = false }: SoftOptions) {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin }));
  }
}
