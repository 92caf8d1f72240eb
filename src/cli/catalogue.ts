import type { AnyCommand } from "./define-command.ts";

/**
 * Every command: its words, one line for the overview, and where it lives. Files are loaded only when
 * their command runs; a test compares this table with the folder.
 */
export interface CatalogueEntry {
  readonly words: readonly string[];
  readonly group: "Daily" | "Releases" | "Settings" | "Server";
  readonly summary: string;
  readonly load: () => Promise<AnyCommand>;
}

type Loaded = Promise<{ readonly command: AnyCommand }>;

function entry(
  path: string,
  group: CatalogueEntry["group"],
  summary: string,
  load: () => Loaded,
): CatalogueEntry {
  return {
    words: path.split(" "),
    group,
    summary,
    load: async () => (await load()).command,
  };
}

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

  entry(
    "pipeline validate",
    "Releases",
    "Check a tidelock.yaml without a server",
    () => import("./commands/pipeline/validate.ts"),
  ),
  entry(
    "pipeline apply",
    "Releases",
    "Register a tidelock.yaml with the server",
    () => import("./commands/pipeline/apply.ts"),
  ),
  entry(
    "pipeline list",
    "Releases",
    "List registered pipelines",
    () => import("./commands/pipeline/list.ts"),
  ),
  entry(
    "release create",
    "Releases",
    "Pack a release and hand it to the server",
    () => import("./commands/release/create.ts"),
  ),
  entry(
    "release list",
    "Releases",
    "List releases, newest first",
    () => import("./commands/release/list.ts"),
  ),
  entry("release show", "Releases", "Show one release", () => import("./commands/release/show.ts")),
  entry(
    "release verify",
    "Releases",
    "Hold a release or a file against a trust file",
    () => import("./commands/release/verify.ts"),
  ),
  entry(
    "release attest",
    "Releases",
    "Keep an attestation or an SBOM about a release",
    () => import("./commands/release/attest.ts"),
  ),
  entry(
    "release sign",
    "Releases",
    "Sign a release with a key of yours",
    () => import("./commands/release/sign.ts"),
  ),
  entry(
    "sbom show",
    "Releases",
    "List what a release is made of",
    () => import("./commands/sbom/show.ts"),
  ),
  entry(
    "sbom diff",
    "Releases",
    "Compare what two releases are made of",
    () => import("./commands/sbom/diff.ts"),
  ),
  entry(
    "promotion list",
    "Releases",
    "List promotions, newest first",
    () => import("./commands/promotion/list.ts"),
  ),
  entry(
    "promotion show",
    "Releases",
    "Show one promotion with steps, checks and decision",
    () => import("./commands/promotion/show.ts"),
  ),
  entry(
    "promotion watch",
    "Releases",
    "Follow a promotion until it ends",
    () => import("./commands/promotion/watch.ts"),
  ),
  entry(
    "promotion abort",
    "Releases",
    "Stop a promotion and undo what it did",
    () => import("./commands/promotion/abort.ts"),
  ),
  entry(
    "promotion retry",
    "Releases",
    "Start a failed promotion again",
    () => import("./commands/promotion/retry.ts"),
  ),
  entry(
    "deployment list",
    "Releases",
    "Show what ran where, and when",
    () => import("./commands/deployment/list.ts"),
  ),
  entry(
    "audit export",
    "Releases",
    "Write everything about a release, or an environment's changes, as an audit pack",
    () => import("./commands/audit/export.ts"),
  ),
  entry(
    "audit verify",
    "Releases",
    "Verify an audit pack, without a server",
    () => import("./commands/audit/verify.ts"),
  ),

  entry(
    "ledger erase",
    "Releases",
    "Ask for the erasure of what an entry of the ledger says",
    () => import("./commands/ledger/erase.ts"),
  ),
  entry(
    "ledger erase person",
    "Releases",
    "Ask to forget who a pseudonym of the ledger is",
    () => import("./commands/ledger/erase/person.ts"),
  ),
  entry(
    "ledger erase confirm",
    "Releases",
    "Do an erasure that another person asked for",
    () => import("./commands/ledger/erase/confirm.ts"),
  ),
  entry(
    "ledger erase list",
    "Releases",
    "List erasures, those that wait first",
    () => import("./commands/ledger/erase/list.ts"),
  ),
  entry(
    "ledger hold add",
    "Releases",
    "Put a legal hold on a stream, or on everything",
    () => import("./commands/ledger/hold/add.ts"),
  ),
  entry(
    "ledger hold list",
    "Releases",
    "List the legal holds that stand",
    () => import("./commands/ledger/hold/list.ts"),
  ),
  entry(
    "ledger hold remove",
    "Releases",
    "End a legal hold",
    () => import("./commands/ledger/hold/remove.ts"),
  ),

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
    "ledger witness add",
    "Server",
    "Ask a witness to cosign the ledger's checkpoints",
    () => import("./commands/ledger/witness/add.ts"),
  ),
  entry(
    "ledger witness list",
    "Server",
    "List the witnesses, and what each has cosigned",
    () => import("./commands/ledger/witness/list.ts"),
  ),
  entry(
    "ledger witness remove",
    "Server",
    "Ask a witness no more",
    () => import("./commands/ledger/witness/remove.ts"),
  ),
  entry(
    "ledger anchor add",
    "Server",
    "Write the ledger's checkpoints down in another place",
    () => import("./commands/ledger/anchor/add.ts"),
  ),
  entry(
    "ledger anchor list",
    "Server",
    "List the anchors, and what lies there",
    () => import("./commands/ledger/anchor/list.ts"),
  ),
  entry(
    "ledger anchor remove",
    "Server",
    "Write no more checkpoints to an anchor",
    () => import("./commands/ledger/anchor/remove.ts"),
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
  entry(
    "agent start",
    "Server",
    "Run the host agent for a supervisor",
    () => import("./commands/agent/start.ts"),
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
