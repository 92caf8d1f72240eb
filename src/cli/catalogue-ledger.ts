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
];
