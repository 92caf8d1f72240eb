import type { PostgresPool, PostgresPoolClient } from "kysely";
import pg from "pg";

/** Names of statements whose plan each connection keeps, by their text. */
const names = new Map<string, string>();

/**
 * Marks a statement as one that is sent very often: every connection parses and plans it once, which is more
 * work than running it. Its text must be a constant of the program, so that there are few of them.
 *
 * @returns the text, to be sent as it is
 */
export function prepared(text: string): string {
  if (!names.has(text)) names.set(text, `tidelock_${names.size}`);
  return text;
}

/** The pool for Kysely, which cannot name statements itself. */
export function preparingPool(pool: pg.Pool): PostgresPool {
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect();
      let preparing = clients.get(client);
      if (preparing === undefined) {
        preparing = preparingClient(client);
        clients.set(client, preparing);
      }
      return preparing;
    },
    end: () => pool.end(),
  };
}

/** One and the same object for a connection: Kysely knows connections by it. */
function preparingClient(client: pg.PoolClient): PostgresPoolClient {
  const query = (text: string, values: unknown[]) => {
    const name = names.get(text);
    return name === undefined ? client.query(text, values) : send(client, name, text, values);
  };
  return {
    // Its other form is for cursors, and the dialect is given none.
    query: query as unknown as PostgresPoolClient["query"],
    // Set anew each time that the connection is taken out of the pool.
    release: (destroy) => client.release(destroy),
  };
}

/**
 * As `client.query({ name, text, values })`, whose copy of its argument, descriptor by descriptor, is a quarter of
 * what an appended entry costs this process.
 */
function send(client: pg.PoolClient, name: string, text: string, values: unknown[]) {
  return new Promise<pg.QueryResult>((resolve, reject) => {
    const query = new pg.Query<pg.QueryResultRow>(text, values);
    Object.assign(query, {
      name,
      callback: (error: Error | null, result: pg.QueryResult) => {
        if (error) reject(error);
        else resolve(result);
      },
    });
    client.query(query);
  });
}
