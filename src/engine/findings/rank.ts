import { priorityOf } from "../../findings/priority.ts";
import { clockAt, defaultSla } from "../../findings/sla.ts";
import { ServiceSecurity, type SlaDays } from "../../model/service-security.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import {
  type NewRank,
  type Ranked,
  rankingInputs,
  readForRank,
  writeRanks,
} from "../../store/queries/findings-rank.ts";
import type { Engine } from "../engine.ts";

/** So many findings are held at a time. */
const batch = 2_000;

/**
 * Keeps the order and the clocks of open findings true to what they follow from: severities, feeds, what is live where,
 * pauses, and how long the service's owners give. All of it is computed anew from rows when one of these has changed,
 * and only rows that differ are written, so that a crash and a second server cost nothing but time.
 */
export class FindingRanking {
  readonly #engine: Engine;
  #done = "";

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Cheap when nothing has changed. */
  async look(): Promise<void> {
    const inputs = await rankingInputs(this.#engine.db);
    if (inputs === this.#done) return;
    await rankFindings(this.#engine);
    this.#done = inputs;
  }
}

/** Answers how many rank otherwise than before. */
export async function rankFindings({ db }: Pick<Engine, "db">): Promise<number> {
  const now = await databaseTime(db);
  const slas = new Map<string, SlaDays>();
  for (const { service, content } of await db
    .selectFrom("service_security")
    .select(["service", "content"])
    .execute()) {
    slas.set(service, ServiceSecurity.parse(content).sla);
  }
  let changed = 0;
  let after = "0";
  for (;;) {
    const found = await readForRank(db, after, batch);
    const ranks = found.flatMap((one) => {
      const rank = rankOf(one, slas.get(one.row.service) ?? defaultSla, now);
      return differs(one, rank) ? [rank] : [];
    });
    await writeRanks(db, ranks);
    changed += ranks.length;
    const last = found.at(-1);
    if (last === undefined || found.length < batch) return changed;
    after = last.row.id;
  }
}

/** Pure. */
function rankOf(found: Ranked, sla: SlaDays, now: string): NewRank {
  const { row, liveTiers, cves, epss, knownExploited, pauses, cvss, reachable } = found;
  const { severity, severity_stated: severityStated } = row;
  const priority = priorityOf(
    { severity, severityStated, cvss, knownExploited, epss, reachable, liveTiers, exposed: null },
    cves.length > 0,
  );
  const { due } = clockAt(
    { severity, firstSeen: row.first_seen.toISOString(), pauses, endedAt: null },
    sla,
    now,
  );
  return { id: row.id, urgency: priority.rank, why: priority.why, epss, knownExploited, due };
}

function differs({ row }: Ranked, { urgency, why, epss, knownExploited, due }: NewRank): boolean {
  return (
    row.urgency !== urgency ||
    row.urgency_why !== why ||
    (row.epss === null
      ? epss !== null
      : epss === null || Math.fround(epss) !== Math.fround(row.epss)) ||
    row.known_exploited !== knownExploited ||
    // A clock that stands still moves its end with every moment: that alone is not written.
    (row.paused === null && (row.due_at?.toISOString() ?? null) !== due)
  );
}
