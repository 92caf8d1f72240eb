import { TidelockError } from "../../model/errors.ts";
import { type GovernanceMode, policyRight } from "../../model/policy-proposal.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { GovernanceView } from "../../api/routes/policy.ts";
import { governanceProjection } from "../../store/projections/policy.ts";
import { announce } from "../../store/queries/events.ts";
import { endOf, grantsFor, keysOf, namesOf } from "../../store/queries/grants.ts";
import {
  governanceHistory,
  insertGovernance,
  newestGovernance,
} from "../../store/queries/policy.ts";
import type { Db } from "../../store/schema.ts";
import { neededPeople, refused, requireByRecord } from "../access/people/two-people.ts";
import type { Engine } from "../engine.ts";
import { type Ground, groundsOf, nothingAfter } from "../ledger/leaning.ts";
import { requireWritable } from "../ledger/writable.ts";
import { lockPolicy } from "./lock.ts";

/** Whether one person alone may change what decides. */

export async function governanceMode(db: Db): Promise<GovernanceMode> {
  return (await newestGovernance(db))?.mode ?? "solo";
}

/** The row that counts is what the log says, and no newer one was taken away. */
export async function groundsOfGovernance(db: Db): Promise<readonly Ground[]> {
  const row = await newestGovernance(db);
  const next = (row?.version ?? 0) + 1;
  return [
    ...groundsOf(governanceProjection, row ? [row] : []),
    nothingAfter("governance", `governance/${next}`, async (tx) => {
      const later = await tx
        .selectFrom("governance")
        .select("version")
        .where("version", "=", next)
        .executeTakeFirst();
      return later !== undefined;
    }),
  ];
}

/**
 * The mode, held against the log: a row that somebody edited back to `solo` frees nobody.
 *
 * @throws TidelockError `denied`
 */
export async function modeByRecord(engine: Engine): Promise<GovernanceMode> {
  const { db } = engine;
  const row = await newestGovernance(db);
  if (row === undefined && !(await wasEverSet(db))) return "solo";
  await requireByRecord(engine, () => groundsOfGovernance(db));
  return governanceMode(db);
}

async function wasEverSet(db: Db): Promise<boolean> {
  const entry = await db
    .selectFrom("ledger_entries")
    .select("entry")
    .where("operation", "=", "governance/1")
    .executeTakeFirst();
  return entry !== undefined;
}

/** From now on two people change policy. Nobody is locked out: there have to be two who can sign. */
export async function enterTeam(engine: Engine, actor: Actor): Promise<GovernanceView> {
  await requireWritable(engine.db, "how policy is changed is an entry of the ledger");
  await modeByRecord(engine);
  await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const row = await newestGovernance(tx);
    if (row?.mode === "team") return;
    const signers = await signersEverywhere(tx);
    const { stay, going } = await whoStays(tx, signers);
    if (stay.length < neededPeople) {
      const found = signers.length === 1 ? "1 has" : `${signers.length} have`;
      throw new TidelockError(
        "conflict",
        `team needs two people who may sign changes of policy everywhere, and ${found} a key and that right${goingText(going)}`,
        {
          fault: "operator",
          where: "governance",
          hint: "tidelock person add <name> --key <public key>, then tidelock person grant <name> --policy; give it to three, in case a key is lost",
        },
      );
    }
    await insertGovernance(tx, (row?.version ?? 0) + 1, "team", null, actor.id);
    await announce(tx, {
      kind: "governance.changed",
      message: `${actor.id}: from now on two people change policy (team)`,
    });
  });
  engine.signals.emit("change");
  return governanceView(engine.db);
}

/** People with a key that counts and the right everywhere, by pseudonym. */
export async function signersEverywhere(db: Db): Promise<readonly string[]> {
  const grants = await grantsFor(db, policyRight, { service: "", environment: "" });
  const people = [...new Set(grants.map(({ person }) => person))];
  const able: string[] = [];
  // A passkey signs approvals and no change of policy.
  for (const person of people) {
    if ((await keysOf(db, person)).some(({ webauthn }) => webauthn === null)) able.push(person);
  }
  return able;
}

/**
 * In team mode as many have to stay as it takes to sign, and whoever goes on a later day does not stay: on that day nobody
 * is asked. Called when the change was made.
 */
export async function requireSignersLeft(tx: Db, what: string): Promise<void> {
  if ((await governanceMode(tx)) !== "team") return;
  const { stay, going } = await whoStays(tx, await signersEverywhere(tx));
  if (stay.length >= neededPeople) return;
  throw refused(
    "conflict",
    `${what}: then fewer than two people could sign changes of policy, and nobody could ever again${goingText(going)}`,
    "governance",
    "give somebody else the right first, with a key: tidelock person grant <name> --policy; two people sign that while two can",
  );
}

interface Going {
  readonly name: string;
  /** RFC 3339. */
  readonly at: string;
}

async function whoStays(
  db: Db,
  people: readonly string[],
): Promise<{ readonly stay: readonly string[]; readonly going: readonly Going[] }> {
  const stay: string[] = [];
  const going: Going[] = [];
  for (const person of people) {
    const ends = await endOf(db, person);
    if (ends === null) stay.push(person);
    else
      going.push({ name: (await namesOf(db, person)).names[0] ?? person, at: ends.toISOString() });
  }
  return { stay, going };
}

function goingText(going: readonly Going[]): string {
  return going.map(({ name, at }) => `; ${name} goes on ${at.slice(0, 10)}`).join("");
}

export async function governanceView(db: Db): Promise<GovernanceView> {
  const [history, signers] = await Promise.all([governanceHistory(db), signersEverywhere(db)]);
  return {
    mode: history[0]?.mode ?? "solo",
    signers: await Promise.all(
      signers.map(async (person) => ({
        person,
        name: (await namesOf(db, person)).names[0] ?? null,
      })),
    ),
    history: history.map(({ mode, proposal, set_by, at }) => ({
      mode,
      proposal,
      by: set_by,
      at: at.toISOString(),
    })),
  };
}
