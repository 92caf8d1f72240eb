import type { CurrentView } from "../../api/routes-accounts.ts";
import type { AccountControl } from "../../ports/account-control.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { Engine } from "../engine.ts";
import { endSession, endSessions, listSessions } from "./sessions.ts";

export function makeAccountControl(engine: Engine): AccountControl {
  return {
    current: (actor) => current(engine, actor),
    sessions: (actor, name) => listSessions(engine, actor, name),
    endSession: (actor, name, id) => endSession(engine, actor, name, id),
    endSessions: (actor, name) => endSessions(engine, actor, name),
  };
}

async function current(engine: Engine, actor: Actor): Promise<CurrentView> {
  const { principal } = actor;
  if (!principal) throw new TidelockError("internal", "nobody asks", { fault: "bug" });
  const { kind, id, session } = principal;
  const all = kind === "session" ? await listSessions(engine, actor, null) : [];
  return {
    kind,
    id,
    session: all.find((one) => one.current) ?? null,
    recent: session?.recent ?? false,
  };
}
