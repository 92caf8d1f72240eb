import { type CatalogueEntry, entry } from "./catalogue-entry.ts";
import { findingCommands } from "./catalogue-findings.ts";
import { ledgerEntries } from "./catalogue-ledger.ts";
import { accessCommands, peopleCommands, testCatalogueCommands } from "./catalogue-access.ts";
import { accountCommands } from "./catalogue-accounts.ts";
import { policyCommands } from "./catalogue-policy.ts";
import { releaseCommands } from "./catalogue-releases.ts";

/** Every command. A test compares this table with the folder of commands. */
export const catalogue: readonly CatalogueEntry[] = [
  entry(
    "init",
    "Daily",
    "Write a first, commented tidelock.yaml",
    () => import("./commands/init.ts"),
  ),
  entry("plan", "Daily", "Show what a promotion would change", () => import("./commands/plan.ts")),
  entry(
    "promote",
    "Daily",
    "Move a release into an environment",
    () => import("./commands/promote.ts"),
  ),
  entry("status", "Daily", "Show what runs where", () => import("./commands/status.ts")),
  entry(
    "rollback",
    "Daily",
    "Return an environment to what it ran before",
    () => import("./commands/rollback.ts"),
  ),
  entry("logs", "Daily", "Show what a service writes", () => import("./commands/logs.ts")),
  entry("trace", "Daily", "Show how far a commit has come", () => import("./commands/trace.ts")),

  ...releaseCommands,
  ...findingCommands,
  ...policyCommands,
  ...accessCommands,
  ...testCatalogueCommands,
  ...accountCommands,

  entry(
    "config set",
    "Settings",
    "Change values of a service in an environment",
    () => import("./commands/config/set.ts"),
  ),
  entry(
    "config apply",
    "Settings",
    "Replace a configuration by a file",
    () => import("./commands/config/apply.ts"),
  ),
  entry(
    "config show",
    "Settings",
    "Show a configuration; secrets by name only",
    () => import("./commands/config/show.ts"),
  ),
  entry(
    "secret set",
    "Settings",
    "Store a secret, read from standard input",
    () => import("./commands/secret/set.ts"),
  ),
  entry(
    "secret list",
    "Settings",
    "List secrets by name",
    () => import("./commands/secret/list.ts"),
  ),
  entry(
    "person list",
    "People",
    "Show whose signatures count, and who may do what",
    () => import("./commands/person/list.ts"),
  ),
  entry(
    "person add",
    "People",
    "Enrol a person: a public key, and other names of the same person",
    () => import("./commands/person/add.ts"),
  ),
  entry(
    "person grant",
    "People",
    "Give a person the right to answer for a role",
    () => import("./commands/person/grant.ts"),
  ),
  ...peopleCommands,
  entry(
    "person revoke",
    "People",
    "Take a right away",
    () => import("./commands/person/revoke.ts"),
  ),
  entry(
    "person remove-key",
    "People",
    "Let a key sign nothing that counts any more",
    () => import("./commands/person/remove-key.ts"),
  ),
  entry(
    "context show",
    "Settings",
    "Show every setting and where it comes from",
    () => import("./commands/context/show.ts"),
  ),
  entry(
    "context list",
    "Settings",
    "List the servers this user knows",
    () => import("./commands/context/list.ts"),
  ),
  entry(
    "context set",
    "Settings",
    "Add or change a server",
    () => import("./commands/context/set.ts"),
  ),
  entry(
    "context use",
    "Settings",
    "Choose the server for the next commands",
    () => import("./commands/context/use.ts"),
  ),

  entry(
    "server start",
    "Server",
    "Start the control plane on this machine",
    () => import("./commands/server/start.ts"),
  ),
  entry(
    "server status",
    "Server",
    "Show the server, its database and its agent",
    () => import("./commands/server/status.ts"),
  ),
  entry(
    "server stop",
    "Server",
    "Stop the server; services go on",
    () => import("./commands/server/stop.ts"),
  ),
  entry(
    "witness start",
    "Server",
    "Cosign a log's checkpoints, as somebody else than its owner",
    () => import("./commands/witness/start.ts"),
  ),
  entry(
    "server recover",
    "Server",
    "Declare a restored database the truth",
    () => import("./commands/server/recover.ts"),
  ),
  ...ledgerEntries,
  entry(
    "agent start",
    "Server",
    "Run the host agent for a supervisor",
    () => import("./commands/agent/start.ts"),
  ),
  entry(
    "service security",
    "Releases",
    "Say who answers for a service's security, and how long findings may stay",
    () => import("./commands/service/security.ts"),
  ),
  entry(
    "service stop",
    "Server",
    "Stop a service in one environment",
    () => import("./commands/service/stop.ts"),
  ),
  entry(
    "service remove",
    "Server",
    "Stop a service everywhere and forget its lanes",
    () => import("./commands/service/remove.ts"),
  ),
  entry("lab list", "Labs", "List what can be tried out", () => import("./commands/lab/list.ts")),
  entry(
    "lab run",
    "Labs",
    "Play a lab on a server of its own, and check what it shows",
    () => import("./commands/lab/run.ts"),
  ),
  entry(
    "lab check",
    "Labs",
    "Check whether the challenge of a kept lab is solved",
    () => import("./commands/lab/check.ts"),
  ),
  entry(
    "doctor",
    "Server",
    "Look for what would go wrong on this machine",
    () => import("./commands/doctor.ts"),
  ),
  entry(
    "down",
    "Server",
    "Stop every service, the agent and the server",
    () => import("./commands/down.ts"),
  ),
  entry("uninstall", "Server", "Remove a data directory", () => import("./commands/uninstall.ts")),
];

/** The command that `words` begins with, and what follows it; the longest name wins. */
export function findCommand(
  words: readonly string[],
): { readonly entry: CatalogueEntry; readonly rest: readonly string[] } | null {
  const matching = catalogue
    .filter((known) => known.words.every((word, index) => words[index] === word))
    .sort((a, b) => b.words.length - a.words.length);
  const [found] = matching;
  return found === undefined ? null : { entry: found, rest: words.slice(found.words.length) };
}

/** `release` to its verbs. */
export function entriesBelow(noun: string): readonly CatalogueEntry[] {
  return catalogue.filter((known) => known.words.length > 1 && known.words[0] === noun);
}
