import { randomBytes, timingSafeEqual } from "node:crypto";
import { networkKind } from "../../../identity/accounts/network-kind.ts";
import { recoveryDigest } from "../../../identity/accounts/recovery-codes.ts";
import { waitMs } from "../../../identity/accounts/throttle.ts";
import { totpStep } from "../../../identity/accounts/totp.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { SignInMethod } from "../../../model/principal.ts";
import { tokenDigest } from "../../../model/token.ts";
import type { AccountControl, SignedInView } from "../../../ports/account-control.ts";
import {
  putAccount,
  readAccount,
  takeRecoveryCode,
  takeTotpStep,
} from "../../../store/queries/accounts.ts";
import { passkeysOf } from "../../../store/queries/passkeys.ts";
import { personByName, programs } from "../../../store/queries/people.ts";
import { databaseNow, removeByDigest } from "../../../store/queries/sessions.ts";
import {
  countFailures,
  forgetFailures,
  noteFailure,
} from "../../../store/queries/sign-in-failures.ts";
import { countTry } from "../../../store/queries/sign-in-days.ts";
import { readTree } from "../../../store/queries/ledger-tree.ts";
import { accountsProjection } from "../../../store/projections/accounts.ts";
import type { AccountRow } from "../../../store/schema-accounts.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { groundsOf } from "../../ledger/leaning.ts";
import { checkPassword, hashPassword } from "./password-hash.ts";
import { keyedDigest, opened } from "./sealing.ts";
import { type Device, openSession } from "./sessions.ts";
import { requireByRecord } from "../people/two-people.ts";

export const totpUse = "tidelock totp 1";

/**
 * Name, password, and a code where one is set up. Whatever is wrong, the answer is one and the same, and so is what is
 * computed for it: nobody learns whose names are known here.
 *
 * @throws TidelockError `unauthenticated`, `too-many-requests`
 */
export async function signIn(
  engine: Engine,
  given: Parameters<AccountControl["signIn"]>[0],
  device: Device,
): Promise<SignedInView> {
  const { name, known } = given;
  const person = await personOf(engine.db, name);
  const of = await counted(engine, name, device.place, person, known);
  return oneOfFew(of, () => tryToSignIn(engine, { ...given, person, of }, device));
}

/** Tries that are not decided yet are not counted yet either: so many of one browser, or network and name, at once. */
const mostAtOnce = 4;
const trying = new Map<string, number>();

async function oneOfFew<T>({ account, device, network }: Counted, work: () => Promise<T>) {
  const key = device ?? `${account} ${network}`;
  const before = trying.get(key) ?? 0;
  if (before >= mostAtOnce) throw tooMany("too many tries at once: wait for their answers");
  trying.set(key, before + 1);
  try {
    return await work();
  } finally {
    const left = (trying.get(key) ?? 1) - 1;
    if (left === 0) trying.delete(key);
    else trying.set(key, left);
  }
}

type Try = Parameters<AccountControl["signIn"]>[0] & {
  readonly person: string | null;
  readonly of: Counted;
};

async function tryToSignIn(
  engine: Engine,
  { name, password, code, replaces, person, of }: Try,
  device: Device,
): Promise<SignedInView> {
  const { db } = engine;
  const account = person === null ? undefined : await readAccount(db, person);
  await requireNoWait(db, of);
  const { right, outdated } = await checkPassword(password, account?.password ?? null, {
    network: device.place,
    known: of.device !== null,
  });
  // A password that somebody wrote into the database opens nothing.
  if (right && account) await requireOwnRow(engine, account.person);
  const session =
    right && account && !account.locked
      ? await db.transaction().execute(async (tx) => {
          const methods = await secondStep(engine, tx, account, name, code);
          if (methods === null) return null;
          if (outdated) {
            const set = { password: await hashPassword(password) };
            await putAccount(tx, account.person, set, name, "account.credential-set");
          }
          // A new secret at every sign-in, and nothing is left of the one before.
          if (replaces !== undefined) await removeByDigest(tx, tokenDigest(replaces), name);
          return openSession(engine, tx, { person: account.person, methods }, device);
        })
      : null;
  if (session === null || account === undefined) {
    await noteFailure(db, of.device ?? of.account, device.place, person !== null);
    await countTry(networkKind(device.place), account?.person ?? null).execute(db);
    throw new TidelockError("unauthenticated", "name, password or code is not right", {
      fault: "operator",
      where: "sign-in",
      hint: "each code counts once: wait for the next one. Lost something? An administrator makes a link: tidelock account reset",
    });
  }
  await forgetFailures(db, of);
  return {
    name,
    session,
    device: of.device === null ? await newDevice(engine, account.person) : null,
  };
}

/**
 * Whether a password is right, for somebody who is signed in: a session that somebody found open finds it out no faster
 * than a stranger.
 *
 * @throws TidelockError `too-many-requests`
 */
export async function checkOwnPassword(
  engine: Engine,
  name: string,
  { place }: Device,
  password: string,
  kept: string,
): Promise<boolean> {
  const of = await counted(engine, name, place, null, undefined);
  return oneOfFew(of, async () => {
    await requireNoWait(engine.db, of);
    const { right } = await checkPassword(password, kept, { network: place, known: true });
    if (!right) {
      await noteFailure(engine.db, of.account, place, true);
      const person = await personOf(engine.db, name);
      await countTry(networkKind(place), person).execute(engine.db);
    }
    return right;
  });
}

/** Null: nobody who can sign in. */
async function personOf(db: Db, name: string): Promise<string | null> {
  if (programs.has(name) || name === "operator") return null;
  return (await personByName(db, name))?.pseudonym ?? null;
}

/** @throws TidelockError `denied` */
async function requireOwnRow(engine: Engine, person: string): Promise<void> {
  // Read-only, nothing is given its place in the log; whoever looks what happened has to get in.
  if ((await readTree(engine.db)).behind !== null) return;
  await requireByRecord(engine, async () => {
    const row = await readAccount(engine.db, person);
    return groundsOf(accountsProjection, row ? [row] : []);
  });
}

/** How they proved it; null: they did not. What is used up stays so only if they get in. */
async function secondStep(
  engine: Engine,
  tx: Db,
  { person, totp, totp_step }: AccountRow,
  name: string,
  code: string,
): Promise<readonly SignInMethod[] | null> {
  // Whoever has a passkey is asked for it before anything else can be set up with a password.
  if (totp === null) return (await passkeysOf(tx, person)).length > 0 ? ["password"] : ["password", "alone"]; // prettier-ignore
  const secret = await opened(engine, totpUse, person, totp);
  const now = (await databaseNow(tx)).getTime();
  const plain = code.replaceAll(" ", "");
  const step = totpStep(secret, plain, now, Number(totp_step));
  if (step !== null) {
    return (await takeTotpStep(tx, person, step)) ? ["password", "totp"] : null;
  }
  const digest = recoveryDigest(code);
  if (digest === null || !(await takeRecoveryCode(tx, person, digest, name))) return null;
  return ["password", "recovery-code"];
}

interface Counted {
  /** Keyed digests: nobody reads from the table which names were tried. */
  readonly account: string;
  readonly network: string;
  readonly device: string | null;
}

async function counted(
  engine: Engine,
  name: string,
  network: string,
  person: string | null,
  known: string | undefined,
): Promise<Counted> {
  const digest = (text: string) => keyedDigest(engine, "tidelock failed sign-ins 1", text);
  const device =
    person === null || known === undefined ? null : await deviceOf(engine, person, known);
  return {
    account: await digest(`name ${name.normalize("NFKC").toLowerCase()}`),
    network,
    device: device === null ? null : await digest(`device ${device}`),
  };
}

async function requireNoWait(db: Db, of: Counted): Promise<void> {
  const found = await countFailures(db, of);
  const wait = waitMs(
    {
      pair: found.pair,
      lastAt: found.last_at,
      network: found.of_network,
      account: found.of_account,
      device: of.device === null ? null : found.of_device,
    },
    found.now,
  );
  if (wait === 0) return;
  const seconds = Math.ceil(wait / 1_000);
  throw tooMany(`too many tries: wait ${seconds} s`);
}

function tooMany(message: string): TidelockError {
  return new TidelockError("too-many-requests", message, {
    fault: "operator",
    where: "sign-in",
    retryable: true,
    hint: "a browser that has signed in before, a passkey or an identity provider are not held up",
  });
}

/** `<id>.<mac>`: this browser has signed in as this person before (OWASP, device cookies). */
async function newDevice(engine: Engine, person: string): Promise<string> {
  const id = randomBytes(12).toString("hex");
  return `${id}.${await deviceMac(engine, person, id)}`;
}

function deviceMac(engine: Engine, person: string, id: string): Promise<string> {
  return keyedDigest(engine, "tidelock known device 1", `${person} ${id}`);
}

async function deviceOf(engine: Engine, person: string, known: string): Promise<string | null> {
  const [, id = "", mac = ""] = /^([0-9a-f]{24})\.([0-9a-f]{64})$/.exec(known) ?? [];
  if (id === "") return null;
  const right = Buffer.from(await deviceMac(engine, person, id));
  return timingSafeEqual(right, Buffer.from(mac)) ? id : null;
}
