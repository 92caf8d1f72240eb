import { TidelockError } from "../../../model/errors.ts";
import { announce } from "../../../store/queries/events.ts";
import { namesOf } from "../../../store/queries/grants.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { plainName } from "../../../identity/plain-name.ts";
import { everyStandingStands } from "./held.ts";
import { type Ground, lastingDifference } from "../../ledger/leaning.ts";

/** What everything has in common that takes effect when two different people have signed it. */

/** One of a person: the token that everybody shares shows nobody. */
export const neededPeople = 2;

export const maxConsentBytes = 64 * 1024;

export function refused(
  code: "not-found" | "invalid-input" | "conflict" | "forbidden",
  message: string,
  where: string,
  hint?: string,
): TidelockError {
  return new TidelockError(code, message, {
    fault: "operator",
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What of these somebody did under a name of this person; null: nothing, as far as names tell. */
export async function ownDeed(
  db: Db,
  person: string,
  deeds: readonly { readonly what: string; readonly who: string }[],
  where: string,
): Promise<string | null> {
  const mine = new Set((await wholeNames(db, person, where)).map(plainName));
  const own = deeds.find(({ who }) => mine.has(plainName(who)));
  return own ? `${own.what} was ${own.who}` : null;
}

/**
 * Two pseudonyms are not yet two people: somebody may have been enrolled twice. As far as their names tell they are.
 *
 * @throws TidelockError `forbidden`
 */
export async function requireAnother(
  db: Db,
  person: string,
  others: readonly string[],
  where: string,
): Promise<void> {
  const mine = await wholeNames(db, person, where);
  for (const other of others) {
    const theirs = new Set((await wholeNames(db, other, where)).map(plainName));
    const shared = mine.find((name) => theirs.has(plainName(name)));
    if (shared === undefined) continue;
    throw refused(
      "forbidden",
      `both signatures are of ${shared}: another person has to sign`,
      where,
      "somebody else has to be the second one",
    );
  }
}

/** Every name of somebody; one that was erased cannot be compared. Throws `forbidden`. */
export async function wholeNames(
  db: Db,
  person: string,
  where: string,
): Promise<readonly string[]> {
  const { names, links } = await namesOf(db, person);
  if (names.length > links.length) return names;
  throw refused(
    "forbidden",
    "a name of these people was erased, so that own work cannot be told",
    where,
  );
}

/**
 * The rows that a signature leans on are what the signed log says they are.
 *
 * @throws TidelockError `denied`, and says so to everybody, when somebody has changed the database
 */
export async function requireByRecord(
  engine: Engine,
  gather: () => Promise<readonly Ground[]>,
): Promise<void> {
  const difference = await lastingDifference(engine.log, engine.db, async () => [
    ...(await gather()),
    everyStandingStands,
  ]);
  if (!difference) return;
  const message = `the database was changed behind the ledger: ${difference.message}`;
  await announce(engine.db, { kind: "ledger.difference", message });
  engine.notice(message);
  throw new TidelockError("denied", message, {
    fault: "operator",
    hint: "nothing was taken; see `tidelock ledger verify --state`",
  });
}
