import { settle } from "../../store/queries/finding-acts.ts";
import { lockFindings } from "../../store/queries/findings-apply.ts";
import {
  expiredClaims,
  markSwept,
  setSettled,
  sweepMark,
  unsettled,
  unsweptServices,
} from "../../store/queries/findings-live.ts";
import { liveImports } from "../../store/queries/findings-list.ts";
import { keepLive } from "../../store/queries/findings-live-in.ts";
import type { Engine } from "../engine.ts";
import { newActId } from "../ids.ts";

/**
 * Holds findings against what is live: `verified` ones close when a release without them is live in production, and
 * closed ones come back with a release that has them, a rollback's like any other. Computed out of rows whenever
 * something went live or came in, so that nothing is lost with a server.
 */
export async function settleFindings(engine: Engine): Promise<void> {
  for (const service of await unsweptServices(engine.db)) await settleService(engine, service);
  for (const service of new Set((await expiredClaims(engine.db)).map((one) => one.service))) {
    await expire(engine, service);
  }
}

async function settleService(engine: Engine, service: string): Promise<void> {
  const changed = await engine.db.transaction().execute(async (tx) => {
    await lockFindings(tx, service);
    // Before it is looked: what goes live meanwhile is another sweep's.
    const mark = await sweepMark(tx, service);
    const settled = await unsettled(tx, service);
    if (settled.length > 0) {
      await setSettled(tx, settled);
      await settle(
        tx,
        { id: newActId(), service, kind: "went-live", content: { live: mark.live } },
        settled.map(({ id, status, gone, environment, release }) => ({
          finding: id,
          from: status,
          to: gone ? "closed" : "open",
          detail: { environment, release },
        })),
      );
    }
    await markSwept(tx, service, mark);
    await engine.hooks?.reach("findings:settled");
    return settled.length > 0;
  });
  if (changed) engine.signals.emit("change");
  await keepLive(engine.db, service, liveImports);
}

async function expire(engine: Engine, service: string): Promise<void> {
  await engine.db.transaction().execute(async (tx) => {
    await lockFindings(tx, service);
    const over = (await expiredClaims(tx)).filter((one) => one.service === service);
    const findings = over.map(({ id }) => id);
    if (findings.length === 0) return;
    await tx
      .updateTable("findings")
      .set((row) => ({
        status: "open",
        reopened: row("reopened", "+", 1),
        changes: row("changes", "+", 1),
      }))
      .where("id", "in", findings)
      .execute();
    await settle(
      tx,
      { id: newActId(), service, kind: "expired", content: { findings } },
      findings.map((finding) => ({
        finding,
        from: "false-positive",
        to: "open",
        detail: { why: "the false positive has expired" },
      })),
    );
  });
  engine.signals.emit("change");
}
