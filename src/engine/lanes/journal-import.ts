import { createPublicKey, verify } from "node:crypto";
import { canonicalJson } from "../../model/canonical.ts";
import { TidelockError } from "../../model/errors.ts";
import type { AgentInfo, JournalEntry } from "../../ports/host-agent.ts";
import { maxPayloadBytes } from "../../model/ledger.ts";
import type { LedgerEntry } from "../../ports/ledger.ts";
import { journalHash } from "../../store/projections/journal.ts";
import { agentsProjection } from "../../store/projections/trust.ts";
import { recordRows } from "../../store/projections/projection.ts";
import { tableLedger } from "../../store/queries/ledger.ts";
import { announce } from "../../store/queries/events.ts";
import type { Db } from "../../store/schema.ts";
import { takeInReturn } from "../returns/armed-return.ts";
import type { Engine } from "../engine.ts";

const batchSize = 500;

/** One import at a time in this process; between processes the agent's row is the lock. */
const importing = new WeakMap<Engine, Promise<void>>();

/**
 * Takes in what the host agent did and signed while perhaps nobody could write it down (law 1). Entries
 * must be signed by the key pinned when the agent was first met, and continue the chain taken in before.
 * A return of traffic corrects the lane before anybody concludes anything from it.
 *
 * Throws `unavailable` when the agent is away, `digest-mismatch` when the journal does not verify.
 */
export function importJournal(engine: Engine): Promise<void> {
  const before = importing.get(engine) ?? Promise.resolve();
  const run = before.then(
    () => importAll(engine),
    () => importAll(engine),
  );
  importing.set(
    engine,
    run.catch(() => undefined),
  );
  return run;
}

async function importAll(engine: Engine): Promise<void> {
  const info = engine.agentInfo();
  if (!info) return;
  const known = await meetAgent(engine, info);
  let after = known.imported_sequence;
  for (;;) {
    const { entries } = await engine.agent.call("journal.read", { after, limit: batchSize });
    const last = entries.at(-1);
    if (!last) return;
    const taken = await engine.db.transaction().execute((tx) => takeIn(tx, info, entries));
    for (const entry of taken) await takeInReturn(engine, entry);
    if (taken.length > 0) engine.signals.emit("change");
    after = last.sequence;
    if (entries.length < batchSize) return;
  }
}

/** The first meeting over the private socket pins the key; another key under the same id is refused. */
async function meetAgent(engine: Engine, info: AgentInfo) {
  await engine.db.transaction().execute(async (tx) => {
    const met = await tx
      .insertInto("agents")
      .values({ agent_id: info.agentId, public_key: info.publicKey })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .execute();
    await recordRows(tx, agentsProjection, met);
  });
  const known = await engine.db
    .selectFrom("agents")
    .selectAll()
    .where("agent_id", "=", info.agentId)
    .executeTakeFirstOrThrow();
  if (known.public_key === info.publicKey) return known;
  throw new TidelockError(
    "digest-mismatch",
    `the host agent ${info.agentId} shows another key than when it was first met`,
    {
      where: info.dataDir,
      hint: "somebody has replaced its key file; restore it, or start the agent with a new data directory",
    },
  );
}

/** Verifies and stores what is new; answers those entries. Imported twice is imported once. */
async function takeIn(
  tx: Db,
  info: AgentInfo,
  entries: readonly JournalEntry[],
): Promise<readonly JournalEntry[]> {
  const head = await tx
    .selectFrom("agents")
    .select(["imported_sequence", "imported_hash"])
    .where("agent_id", "=", info.agentId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const fresh = entries.filter((entry) => entry.sequence > head.imported_sequence);
  const last = fresh.at(-1);
  if (!last) return [];
  const gap = await acceptGap(tx, info, fresh[0], head.imported_sequence);
  verifyRun(info, fresh, gap ? null : head.imported_hash);
  for (const entry of fresh) {
    await tx
      .insertInto("agent_journal")
      .values({
        agent_id: info.agentId,
        sequence: entry.sequence,
        at: entry.at,
        kind: entry.kind,
        lane: entry.lane,
        operation: entry.operation,
        detail: JSON.stringify(entry.detail),
        previous: entry.previous,
        signature: entry.signature,
      })
      .execute();
  }
  await tableLedger.append(tx, ...fresh.map((entry) => observed(info, entry)));
  await tx
    .updateTable("agents")
    .set({ imported_sequence: last.sequence, imported_hash: journalHash(last) })
    .where("agent_id", "=", info.agentId)
    .execute();
  return fresh;
}

/** What the agent says it did or saw, as an entry; its own signature stays with the journal. */
function observed(info: AgentInfo, entry: JournalEntry): LedgerEntry {
  const { sequence, at, kind, lane, operation, detail } = entry;
  const payload = { agentId: info.agentId, sequence, at, kind, lane, operation };
  const whole = { ...payload, journal: journalHash(entry), detail };
  const fits = Buffer.byteLength(canonicalJson(whole)) <= maxPayloadBytes;
  return {
    operation: `agent/${info.agentId}/journal/${sequence}`,
    kind: "agent.observed",
    stream: lane ?? "system",
    actor: "agent",
    payload: fits ? whole : { ...payload, journal: journalHash(entry) },
  };
}

/** An agent drops its oldest entries when nobody has read them for very long: said, not hidden. */
async function acceptGap(
  tx: Db,
  info: AgentInfo,
  first: JournalEntry | undefined,
  imported: number,
): Promise<boolean> {
  if (!first || first.sequence === imported + 1) return false;
  await announce(tx, {
    kind: "agent.journal-gap",
    message: `entries ${imported + 1} to ${first.sequence - 1} of the agent's journal are gone: nobody read them in time (agent ${info.agentId})`,
  });
  await tableLedger.append(tx, {
    operation: `agent/${info.agentId}/gap/${first.sequence}`,
    kind: "agent.gap",
    stream: "system",
    actor: "tidelock",
    payload: { agentId: info.agentId, from: imported + 1, to: first.sequence - 1 },
  });
  return true;
}

function verifyRun(
  info: AgentInfo,
  entries: readonly JournalEntry[],
  previousHash: string | null,
): void {
  const key = createPublicKey(info.publicKey);
  let previous = previousHash ?? entries[0]?.previous ?? "";
  let sequence = (entries[0]?.sequence ?? 1) - 1;
  for (const entry of entries) {
    sequence += 1;
    const { signature, ...signed } = entry;
    const genuine = verify(
      null,
      Buffer.from(canonicalJson(signed)),
      key,
      Buffer.from(signature, "base64"),
    );
    if (!genuine || entry.previous !== previous || entry.sequence !== sequence) {
      throw new TidelockError(
        "digest-mismatch",
        `entry ${entry.sequence} of the agent's journal ${genuine ? "does not follow the one before" : "is not signed by the agent"}`,
        {
          where: info.dataDir,
          hint: "the journal was changed on disk; nothing from there on is believed",
        },
      );
    }
    previous = journalHash(entry);
  }
}
