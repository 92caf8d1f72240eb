import { type CatalogueEntry, entry } from "./catalogue-entry.ts";

/** Commands about who signs in. */
export const accountCommands: readonly CatalogueEntry[] = [
  entry(
    "login",
    "People",
    "Sign this terminal in, by way of a browser",
    () => import("./commands/login.ts"),
  ),
  entry("logout", "People", "Sign this terminal out", () => import("./commands/logout.ts")),
  entry(
    "account list",
    "People",
    "List who can sign in, and with what",
    () => import("./commands/account/list.ts"),
  ),
  entry(
    "account invite",
    "People",
    "Make a one-time link with which somebody signs in for the first time",
    () => import("./commands/account/invite.ts"),
  ),
  entry(
    "account reset",
    "People",
    "Make a one-time link for somebody who has lost what they sign in with",
    () => import("./commands/account/reset.ts"),
  ),
  entry(
    "account lock",
    "People",
    "Lock somebody out, everywhere at once",
    () => import("./commands/account/lock.ts"),
  ),
  entry(
    "account unlock",
    "People",
    "Let somebody in again who was locked out",
    () => import("./commands/account/unlock.ts"),
  ),
  entry(
    "account sessions",
    "People",
    "List where one is signed in, and end it there",
    () => import("./commands/account/sessions.ts"),
  ),
  entry(
    "server recover-access",
    "Server",
    "On the machine itself: make a link for another administrator",
    () => import("./commands/server/recover-access.ts"),
  ),
];
