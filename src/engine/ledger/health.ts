import { sql } from "kysely";
import { parseSignatureLine } from "../../ledger/note.ts";
import type { Db } from "../../store/schema.ts";

/** How far clocks may be apart, and how long an entry may wait for its place, before gates close; ms. */
export interface LedgerBounds {
  readonly maxSkewMs: number;
  readonly maxBacklogMs: number;
}

export const defaultBounds: LedgerBounds = { maxSkewMs: 30_000, maxBacklogMs: 60_000 };

interface Seen {
  readonly behind: string | null;
  readonly now: Date;
  readonly last_time: Date | null;
  readonly waiting_since: Date | null;
  readonly witness_line: string | null;
}

/**
 * Why nothing may be decided now; null when all is well. The time in records is the database's: when it and
 * this server's clock, the ledger's last entry or a witness disagree by more than a bound, one of them is
 * wrong, and freshness of evidence cannot be judged.
 */
export async function ledgerTrouble(
  db: Db,
  bounds: LedgerBounds = defaultBounds,
  clock: () => number = Date.now,
): Promise<string | null> {
  const before = clock();
  const { rows } = await sql<Seen>`
    select t.behind, t.last_time, clock_timestamp() as now,
      (select e.at from ledger_queue q join ledger_entries e on e.entry = q.entry
        where isfinite(e.at) order by q.entry limit 1) as waiting_since,
      (select line from ledger_cosignatures order by at desc limit 1) as witness_line
    from ledger_tree t
  `.execute(db);
  const after = clock();
  const seen = rows[0];
  if (!seen) return "the ledger has no tree";
  return troubleOf(seen, { before, after }, bounds);
}

function troubleOf(
  seen: Seen,
  asked: { readonly before: number; readonly after: number },
  { maxSkewMs, maxBacklogMs }: LedgerBounds,
): string | null {
  if (seen.behind) return seen.behind;
  const now = seen.now.getTime();
  const apart = now < asked.before ? asked.before - now : Math.max(0, now - asked.after);
  if (apart > maxSkewMs) {
    return `the clocks of this server and of its database are ${seconds(apart)} apart: set them right`;
  }
  const last = seen.last_time?.getTime() ?? 0;
  if (last - now > maxSkewMs) {
    return `the database's clock is ${seconds(last - now)} behind the ledger's last entry: set it right`;
  }
  const witnessed = seen.witness_line === null ? 0 : witnessTime(seen.witness_line);
  if (witnessed - now > maxSkewMs) {
    return `the database's clock is ${seconds(witnessed - now)} behind a witness of the ledger: set it right`;
  }
  const waiting = seen.waiting_since ? now - seen.waiting_since.getTime() : 0;
  if (waiting > maxBacklogMs) {
    return `the ledger has taken no entry in for ${seconds(waiting)}: see the server's log, and \`tidelock ledger status\``;
  }
  return null;
}

/** Milliseconds, from a cosignature (C2SP tlog-cosignature); 0 for what is none. */
function witnessTime(line: string): number {
  try {
    const { signature } = parseSignatureLine(line.trimEnd());
    if (signature.length !== 72) return 0;
    const view = new DataView(signature.buffer, signature.byteOffset, 8);
    return Number(view.getBigUint64(0)) * 1_000;
  } catch {
    return 0;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
