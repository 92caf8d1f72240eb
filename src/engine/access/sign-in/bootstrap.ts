import { randomBytes } from "node:crypto";
import { makeSessionToken, tokenDigest } from "../../../model/token.ts";
import { announce } from "../../../store/queries/events.ts";
import {
  addLink,
  endLinks,
  isFullAdministrator,
  openLinks,
  putBootstrap,
  readBootstrap,
} from "../../../store/queries/accounts.ts";
import { namesOf } from "../../../store/queries/grants.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { lockPolicy } from "../../policy/lock.ts";
import { remembering } from "../remembering.ts";
import { keyedDigest } from "./sealing.ts";

/**
 * The token of the data directory, and what takes its place.
 *
 *   (no row) --an administrator signs in with a second factor--> ended      from then on the token is nobody's
 *            a link `first` makes that administrator; on the machine itself one can always be asked for
 */

/** Whose word everything is that happens on the machine itself. */
const owner = "operator";

export function makeBootstrapCounts(db: Db): () => Promise<boolean> {
  const known = remembering(db, async () => {
    const row = await readBootstrap(db);
    return { value: !(row?.ended ?? false), until: Number.POSITIVE_INFINITY };
  });
  return async () => (await known("")).value ?? false;
}

/** In the transaction in which somebody signs in; once. */
export async function endBootstrapFor(tx: Db, person: string): Promise<void> {
  if ((await readBootstrap(tx))?.ended) return;
  if (!(await isFullAdministrator(tx, person))) return;
  const [name = person] = (await namesOf(tx, person)).names;
  await putBootstrap(tx, true, "bootstrap.ended", name);
  await endLinks(tx, { purpose: "first" }, name);
  await announce(tx, {
    kind: "access.changed",
    message: `${name} signed in as an administrator: the token of the data directory counts no more`,
  });
}

/**
 * The secret of the link that makes the first administrator; null: there is one already. Every server of a database
 * shows the same one, until it is used: it follows from the link's id and a key that the database has not.
 */
export async function firstLink(engine: Engine): Promise<string | null> {
  return engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    if ((await readBootstrap(tx))?.ended) return null;
    for (const { id, digest } of await openLinks(tx, { purpose: "first" })) {
      const secret = await secretOf(engine, id);
      if (tokenDigest(secret) === digest) return secret;
    }
    const id = newLinkId();
    const secret = await secretOf(engine, id);
    const link = { id, digest: tokenDigest(secret), purpose: "first", person: null } as const;
    await addLink(tx, { ...link, lastsMs: null }, owner);
    return secret;
  });
}

/** Somebody who owns the machine needs a way in: a link that makes an administrator, for an hour, and everybody hears. */
export async function recoverAccess(engine: Pick<Engine, "db">): Promise<string> {
  const secret = makeSessionToken();
  await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    await endLinks(tx, { purpose: "first" }, owner);
    const ended = (await readBootstrap(tx))?.ended ?? false;
    await putBootstrap(tx, ended, "bootstrap.recovered", owner);
    const link = { id: newLinkId(), digest: tokenDigest(secret), purpose: "first" } as const;
    await addLink(tx, { ...link, person: null, lastsMs: 3_600_000 }, owner);
    await announce(tx, {
      kind: "access.changed",
      message: `on the machine itself, ${owner} asked for a link that makes an administrator`,
    });
  });
  return secret;
}

export function newLinkId(): string {
  return `l${randomBytes(6).toString("hex")}`;
}

async function secretOf(engine: Engine, id: string): Promise<string> {
  return (await keyedDigest(engine, "tidelock first link 1", id)).slice(0, 64);
}
