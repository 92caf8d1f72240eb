import type { ControlPlane } from "../../ports/control-plane.ts";
import type { Handlers } from "../routes.ts";

/** Calls about accounts and sessions that need no cookie; those that do are in session-routes.ts. */
export function accountHandlers({
  accounts,
  passkeys,
}: Pick<ControlPlane, "accounts" | "passkeys">) {
  return {
    sessionShow: ({ actor }) => accounts.current(actor),
    accountShow: ({ actor }) => accounts.account(actor),
    accountTotp: ({ actor }) => accounts.beginTotp(actor),
    async accountTotpRemove({ actor }) {
      await accounts.removeTotp(actor);
      return { done: true };
    },
    loginShow: ({ params }) => accounts.login(params.code),
    async loginAnswer({ actor, params, body }) {
      await accounts.answerLogin(actor, params.code, body.yes);
      return { done: true };
    },
    async accountList() {
      return { items: [...(await accounts.list())] };
    },
    accountLink: ({ actor, body }) => accounts.makeLink(actor, body.purpose, body.name),
    accountLock: ({ actor, params, body }) => accounts.setLocked(actor, params.name, body.locked),
    async sessionList({ actor }) {
      return { items: [...(await accounts.sessions(actor, null))] };
    },
    async sessionEndOne({ actor, params }) {
      await accounts.endSession(actor, null, params.id);
      return { ended: 1 };
    },
    async accountSessions({ actor, params }) {
      return { items: [...(await accounts.sessions(actor, params.name))] };
    },
    async accountSessionsEnd({ actor, params }) {
      return { ended: await accounts.endSessions(actor, params.name) };
    },
    async accountSessionEnd({ actor, params }) {
      await accounts.endSession(actor, params.name, params.id);
      return { ended: 1 };
    },

    async passkeyList({ actor }) {
      return { items: [...(await passkeys.list(actor, null))] };
    },
    async passkeyRemove({ actor, params }) {
      await passkeys.remove(actor, null, params.id);
      return { removed: true };
    },
    async accountPasskeys({ actor, params }) {
      return { items: [...(await passkeys.list(actor, params.name))] };
    },
    async accountPasskeyRemove({ actor, params }) {
      await passkeys.remove(actor, params.name, params.id);
      return { removed: true };
    },
  } satisfies Partial<Handlers>;
}
