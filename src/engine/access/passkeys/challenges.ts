import { hkdfSync, randomBytes } from "node:crypto";
import { z } from "zod";
import { decodeBase64 } from "../../../evidence/bytes.ts";
import { readJson } from "../../../evidence/read-json.ts";
import { bad, good, type Result } from "../../../evidence/result.ts";
import {
  type ChallengeTerms,
  makeChallenge,
  readChallenge,
  type TakenChallenge,
} from "../../../identity/passkeys/challenge.ts";
import { encodeBase64url } from "../../../identity/webauthn/enrolment.ts";
import { consumeChallenge } from "../../../store/queries/passkeys.ts";
import { databaseNow } from "../../../store/queries/sessions.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { refused } from "../people/two-people.ts";

/** Challenges of the server, by a key that every server of a database has and the database has not. */

const keys = new WeakMap<Engine, Promise<Uint8Array>>();

function keyOf(engine: Engine): Promise<Uint8Array> {
  let key = keys.get(engine);
  if (key === undefined) {
    key = engine.log.keys
      .sealingKey()
      .then((master) => new Uint8Array(hkdfSync("sha256", master, "", "tidelock passkeys 1", 32)));
    key.catch(() => keys.delete(engine));
    keys.set(engine, key);
  }
  return key;
}

/** In base64url, as a browser takes it. */
export async function newChallenge(engine: Engine, terms: ChallengeTerms): Promise<string> {
  const now = (await databaseNow(engine.db)).getTime();
  const challenge = makeChallenge(await keyOf(engine), terms, { nonce: randomBytes(16), now });
  return encodeBase64url(challenge);
}

export interface Answered extends TakenChallenge {
  /** The very bytes, which the assertion is held against. */
  readonly challenge: Uint8Array;
}

const Said = z.looseObject({ challenge: z.string().max(1_000) });

/** The challenge that a browser says that it answers, if it is one of ours for this. */
export async function answeredChallenge(
  engine: Engine,
  clientDataJSON: string,
  terms: ChallengeTerms,
): Promise<Result<Answered>> {
  const bytes = decodeBase64(clientDataJSON);
  const said = bytes === null ? bad("it is not base64url") : readJson(bytes, Said, "client data");
  if (!said.ok) return said;
  const challenge = decodeBase64(said.value.challenge);
  if (challenge === null) return bad("its challenge is not base64url");
  const now = (await databaseNow(engine.db)).getTime();
  const taken = readChallenge(await keyOf(engine), challenge, terms, now);
  return taken.ok ? good({ ...taken.value, challenge }) : taken;
}

/** @throws TidelockError `conflict` when it was answered before */
export async function requireFirstAnswer(tx: Db, challenge: TakenChallenge): Promise<void> {
  if (await consumeChallenge(tx, challenge)) return;
  throw refused("conflict", "this challenge was answered before", "challenge", "try it again");
}
