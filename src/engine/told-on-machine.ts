import { randomBytes } from "node:crypto";
import type { Actor } from "../ports/control-plane.ts";
import { announce } from "../store/queries/events.ts";
import type { Engine } from "./engine.ts";
import { requireWritable } from "./ledger/writable.ts";

/**
 * Whoever owns the data directory could end the processes of it anyway. So they may, without signing in, and before it is
 * done the ledger says what it is: done from the machine, by nobody whom it knows.
 *
 * @throws TidelockError `unavailable` when the ledger cannot say it
 */
export async function toldOnMachine(
  engine: Engine,
  actor: Actor,
  what: "server-stop" | "down",
): Promise<void> {
  await requireWritable(engine.db, "what is done from the machine is an entry of the ledger");
  await engine.db.transaction().execute(async (tx) => {
    await engine.ledger.append(tx, {
      operation: `machine/told/${randomBytes(8).toString("hex")}`,
      kind: "machine.told",
      stream: "system",
      actor: actor.id,
      payload: { what },
    });
    const done = what === "down" ? "everything of it is stopped" : "the server is stopped";
    await announce(tx, {
      kind: "access.changed",
      message: `on the machine itself, whoever owns the data directory said, without signing in: ${done}`,
    });
  });
}
