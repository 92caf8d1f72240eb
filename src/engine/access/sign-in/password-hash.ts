import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { plainPassword } from "../../../identity/accounts/password-rules.ts";
import { TidelockError } from "../../../model/errors.ts";
import { type Asker, FairTurns } from "./fair-turns.ts";

/** Passwords as PHC strings: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>` (RFC 9106). */

interface Cost {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane. */
const now: Cost = { memory: 19_456, passes: 2, parallelism: 1 };
const saltBytes = 16;
const hashBytes = 32;

/** Computed at once, and waiting for that: 40 MiB at most, and neither threads nor memory for a flood. */
const atOnce = 2;
const mostWaiting = 64;
const turns = new FairTurns(
  atOnce,
  mostWaiting,
  () =>
    new TidelockError("too-many-requests", "too many people are signing in at this moment", {
      retryable: true,
      hint: "try again in a few seconds",
    }),
);
const somebodyKnown: Asker = { network: "", known: true };
const somebody: Asker = { network: "", known: false };

function derive(
  password: string,
  nonce: Uint8Array,
  cost: Cost,
  length: number,
  asker: Asker,
): Promise<Buffer> {
  const message = Buffer.from(plainPassword(password));
  return turns.run(
    asker,
    () =>
      new Promise((resolve, reject) => {
        argon2(
          "argon2id",
          { message, nonce, ...cost, tagLength: length },
          (error: Error | null, key: Buffer) => {
            if (error) reject(error);
            else resolve(key);
          },
        );
      }),
  );
}

/** Of somebody who has shown who they are, by a link or a session. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  return phc(now, salt, await derive(password, salt, now, hashBytes, somebodyKnown));
}

function phc({ memory, passes, parallelism }: Cost, salt: Buffer, hash: Buffer): string {
  const text = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(hash)}`;
}

const phcPattern =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Nobody's: what is computed for a name that nobody has. */
const nobodys = phc(now, Buffer.alloc(saltBytes, 1), Buffer.alloc(hashBytes, 2));

/**
 * Whether a password is the one of a PHC string; null: nobody's, and just as much is computed. `outdated`: it was
 * hashed at another cost than today's, and is to be hashed again while it is known.
 */
export async function checkPassword(
  password: string,
  kept: string | null,
  asker: Asker = somebody,
): Promise<{ readonly right: boolean; readonly outdated: boolean }> {
  const [, memory, passes, parallelism, salt = "", hash = ""] =
    phcPattern.exec(kept ?? nobodys) ?? phcPattern.exec(nobodys) ?? [];
  const cost = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  };
  const expected = Buffer.from(hash, "base64");
  const given = await derive(password, Buffer.from(salt, "base64"), cost, expected.length, asker);
  const right = timingSafeEqual(given, expected) && kept !== null && phcPattern.test(kept);
  const same =
    cost.memory === now.memory &&
    cost.passes === now.passes &&
    cost.parallelism === now.parallelism;
  return { right, outdated: !same };
}
