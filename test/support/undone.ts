import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import type pg from "pg";
import { EntryMarks, markWith } from "../../src/store/queries/ledger-marks.ts";
import type { Db, Schema } from "../../src/store/schema.ts";
import { testMaster } from "./database.ts";

/**
 * Lets something happen to a database, and takes all of it back: one transaction of one connection, in which the
 * transactions of whoever uses `db` are savepoints. Where a copy of the database costs a second, this costs nothing.
 * What waits for others' commits is not seen this way, and times of this database stand still meanwhile.
 */
export async function undone<T>(pool: pg.Pool, act: (db: Db) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("begin; set local idle_in_transaction_session_timeout = 0");
    const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: onlyOne(client) }) });
    markWith(db, new EntryMarks(testMaster));
    return await act(db);
  } finally {
    await client.query("rollback").finally(() => client.release());
  }
}

function onlyOne(client: pg.PoolClient): PostgresPool {
  let depth = 0;
  const query = (text: string, values: unknown[]) => {
    if (/^(begin|start transaction)\b/.test(text)) {
      depth += 1;
      return client.query(`savepoint s${depth}`);
    }
    if (text === "commit" || text === "rollback") {
      const name = `s${depth}`;
      depth -= 1;
      const back = text === "rollback" ? `rollback to savepoint ${name}; ` : "";
      // What a transaction set for itself alone ends with it.
      return client.query(
        `${back}release savepoint ${name}; set local idle_in_transaction_session_timeout = 0`,
      );
    }
    return client.query(text, values);
  };
  const one: PostgresPoolClient = {
    query: query as unknown as PostgresPoolClient["query"],
    release: () => undefined,
  };
  return { options: {}, connect: () => Promise.resolve(one), end: () => Promise.resolve() };
}
