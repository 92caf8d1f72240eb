import type { CurrentView } from "../../../api/routes/accounts.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { AccountControl } from "../../../ports/account-control.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import type { Engine } from "../../engine.ts";
import {
  beginTotp,
  changePassword,
  confirmTotp,
  listAccounts,
  ownAccount,
  removeTotp,
  setLocked,
} from "./accounts.ts";
import { firstLink } from "./bootstrap.ts";
import { lookAtLink, makeLink, redeemLink } from "./links.ts";
import { answerTo, beginLogin, lookAtLogin, pollLogin } from "./logins.ts";
import { endSession, endSessions, listSessions } from "./sessions.ts";
import { signIn } from "./sign-in.ts";

export function makeAccountControl(engine: Engine): AccountControl {
  return {
    current: (actor) => current(engine, actor),
    sessions: (actor, name) => listSessions(engine, actor, name),
    endSession: (actor, name, id) => endSession(engine, actor, name, id),
    endSessions: (actor, name) => endSessions(engine, actor, name),
    signIn: (given, place) => signIn(engine, given, place),
    link: (secret) => lookAtLink(engine, secret),
    redeem: (given, place) => redeemLink(engine, given, place),
    makeLink: (actor, purpose, name) => makeLink(engine, actor, purpose, name),
    firstLink: () => firstLink(engine),
    account: (actor) => ownAccount(engine, actor),
    changePassword: (actor, given, place) => changePassword(engine, actor, given, place),
    beginTotp: (actor) => beginTotp(engine, actor),
    confirmTotp: (actor, given, place) => confirmTotp(engine, actor, given, place),
    removeTotp: (actor) => removeTotp(engine, actor),
    list: () => listAccounts(engine),
    setLocked: (actor, name, locked) => setLocked(engine, actor, name, locked),
    beginLogin: (place) => beginLogin(engine, place),
    login: (code) => lookAtLogin(engine, code),
    answerLogin: (actor, code, yes) => answerTo(engine, actor, code, yes),
    pollLogin: (secret) => pollLogin(engine, secret),
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
