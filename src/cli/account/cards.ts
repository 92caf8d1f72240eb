import type { AccountView, MadeLinkView } from "../../api/routes/accounts.ts";
import type { Card } from "../output/print.ts";
import { when } from "../output/words.ts";
import { clean } from "../terminal.ts";

/** `-o name` prints the link. */
export function linkCard(view: MadeLinkView, url: string): Card<typeof view> {
  const link = `${url}/welcome#${view.secret}`;
  return {
    item: view,
    name: link,
    lines: [
      ["link", clean(link)],
      ["for", clean(view.name)],
      ["until", view.expiresAt === null ? "it is used" : when(view.expiresAt)],
    ],
  };
}

export function accountCard(view: AccountView): Card<typeof view> {
  return {
    item: view,
    name: view.name,
    lines: [
      ["name", clean(view.name)],
      ["state", view.state],
      ["password", view.password ? "yes" : "no"],
      ["authenticator app", view.totp ? "yes" : "no"],
      ["sessions", String(view.sessions)],
      ["sponsor", view.sponsor === null ? null : clean(view.sponsor)],
    ],
  };
}
