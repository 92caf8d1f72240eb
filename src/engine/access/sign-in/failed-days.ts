import { readTree } from "../../../store/queries/ledger-tree.ts";
import { type DayCount, putToToday, takeDay } from "../../../store/queries/sign-in-days.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";

/** Accounts that an entry names; of more, the ones with the most tries, and how many others there were. */
const mostAccounts = 20;

/** More days than a server was down for; the rest is next time's. */
const mostDays = 400;

/**
 * Writes one entry for each day that is over and had failed sign-ins: how many by kind of network, and at which accounts.
 * Names that somebody tried and nobody has stand in none, so that nobody writes into the ledger by trying. Rows go and the
 * entry comes in one transaction: killed anywhere it is done again, and of two servers one finds the rows.
 */
export async function recordFailedSignIns(engine: Engine): Promise<void> {
  if ((await readTree(engine.db)).behind !== null) return;
  for (let days = 0; days < mostDays; days += 1) {
    const written = await engine.db.transaction().execute((tx) => recordDay(engine, tx));
    if (!written) return;
    engine.signals.emit("change");
  }
}

async function recordDay(engine: Engine, tx: Db): Promise<boolean> {
  const over = await takeDay(tx);
  if (over === null) return false;
  const operation = `sign-ins-failed/${over.day}`;
  const before = await tx
    .selectFrom("ledger_entries")
    .select("operation")
    .where("operation", "=", operation)
    .executeTakeFirst();
  if (before) await putToToday(tx, over.counts);
  else {
    await engine.ledger.append(tx, {
      operation,
      kind: "access.sign-ins-failed",
      stream: "access",
      actor: "tidelock",
      payload: summary(over.day, over.counts),
    });
  }
  return before === undefined;
}

/** Of one size at most, however many tried whatever. */
export function summary(day: string, counts: readonly DayCount[]) {
  const sum = (some: readonly DayCount[]) => some.reduce((total, { tries }) => total + tries, 0);
  const of = (network: string) => sum(counts.filter((one) => one.network === network));
  const accounts = [...Map.groupBy(counts, ({ account }) => account)]
    .filter(([account]) => account !== "")
    .map(([account, own]) => ({ account, tries: sum(own) }))
    .sort((a, b) => b.tries - a.tries || (a.account < b.account ? -1 : 1));
  const others = accounts.slice(mostAccounts);
  return {
    day,
    tries: sum(counts),
    networks: {
      thisMachine: of("this-machine"),
      private: of("private"),
      internet: of("internet"),
    },
    accounts: accounts.slice(0, mostAccounts),
    otherAccounts: {
      count: others.length,
      tries: others.reduce((total, { tries }) => total + tries, 0),
    },
    noAccount: sum(counts.filter(({ account }) => account === "")),
  };
}
