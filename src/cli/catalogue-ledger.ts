import { type CatalogueEntry, entry } from "./catalogue-entry.ts";

/** Commands of the ledger; a part of catalogue.ts. */
export const ledgerEntries: readonly CatalogueEntry[] = [
  entry(
    "ledger status",
    "Server",
    "Show the ledger: size, checkpoint, keys, and whether gates are open",
    () => import("./commands/ledger/status.ts"),
  ),
  entry(
    "ledger verify",
    "Server",
    "Recompute the ledger, and the tables that follow from it",
    () => import("./commands/ledger/verify.ts"),
  ),
  entry(
    "ledger proof",
    "Server",
    "Write a receipt that an entry is in the ledger",
    () => import("./commands/ledger/proof.ts"),
  ),
  entry(
    "ledger export",
    "Server",
    "Write the ledger as plain files (C2SP tlog-tiles)",
    () => import("./commands/ledger/export.ts"),
  ),
  entry(
    "ledger trust",
    "Server",
    "Write this server's keys as an auditor's trust root",
    () => import("./commands/ledger/trust.ts"),
  ),
  entry(
    "ledger recover",
    "Server",
    "Go on with a successor log after a restore",
    () => import("./commands/ledger/recover.ts"),
  ),
  entry(
    "ledger key list",
    "Server",
    "List the ledger's signing keys",
    () => import("./commands/ledger/key/list.ts"),
  ),
  entry(
    "ledger key rotate",
    "Server",
    "Make a new signing key; the old one signs beside it for a while",
    () => import("./commands/ledger/key/rotate.ts"),
  ),
  entry(
    "ledger key compromised",
    "Server",
    "Say that somebody else may have a key",
    () => import("./commands/ledger/key/compromised.ts"),
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
    "ledger judge",
    "Server",
    "Judge two checkpoints that do not belong together, offline",
    () => import("./commands/ledger/judge.ts"),
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
];
