import { type CatalogueEntry, entry } from "./catalogue-entry.ts";

/** Commands about what scanners and people found. */
export const findingCommands: readonly CatalogueEntry[] = [
  entry(
    "findings import",
    "Findings",
    "Take a scanner's report in",
    () => import("./commands/findings/import.ts"),
  ),
  entry(
    "findings list",
    "Findings",
    "List findings, most urgent first",
    () => import("./commands/findings/list.ts"),
  ),
  entry(
    "findings show",
    "Findings",
    "Show one finding, and all that is known of it",
    () => import("./commands/findings/show.ts"),
  ),
  entry(
    "findings triage",
    "Findings",
    "Say what is to be thought of a finding",
    () => import("./commands/findings/triage.ts"),
  ),
  entry(
    "findings assign",
    "Findings",
    "Say whose work a finding is",
    () => import("./commands/findings/assign.ts"),
  ),
  entry(
    "findings imports",
    "Findings",
    "List the reports that were taken in",
    () => import("./commands/findings/imports.ts"),
  ),
  entry(
    "findings retry",
    "Findings",
    "Take in a report of an own scan that was given up",
    () => import("./commands/findings/retry.ts"),
  ),
  entry(
    "findings export",
    "Findings",
    "Write findings for others: SARIF, VEX, CSV, our own format",
    () => import("./commands/findings/export.ts"),
  ),
  entry(
    "findings metrics",
    "Findings",
    "Show how many there are, how they were found, and whether it gets better",
    () => import("./commands/findings/metrics.ts"),
  ),
  entry(
    "findings confirm",
    "Findings",
    "Sign what was proposed of a finding",
    () => import("./commands/findings/confirm.ts"),
  ),
  entry(
    "findings retire-scan",
    "Findings",
    "Say that nobody makes a scan any more, so that what it saw does not stay open for ever",
    () => import("./commands/findings/retire-scan.ts"),
  ),
  entry(
    "findings sign",
    "Findings",
    "Vouch for a report with a key",
    () => import("./commands/findings/sign.ts"),
  ),
  entry(
    "findings formats",
    "Findings",
    "List the formats of reports that are known, without a server",
    () => import("./commands/findings/formats.ts"),
  ),
  entry(
    "waiver propose",
    "Findings",
    "Propose to accept a risk: one finding, or what one check says",
    () => import("./commands/waiver/propose.ts"),
  ),
  entry(
    "waiver sign",
    "Findings",
    "Sign a waiver; with the second person it is in force",
    () => import("./commands/waiver/sign.ts"),
  ),
  entry(
    "waiver list",
    "Findings",
    "List accepted risks, and which of them hold",
    () => import("./commands/waiver/list.ts"),
  ),
  entry(
    "waiver show",
    "Findings",
    "Show an accepted risk",
    () => import("./commands/waiver/show.ts"),
  ),
  entry(
    "waiver withdraw",
    "Findings",
    "End an accepted risk at once",
    () => import("./commands/waiver/withdraw.ts"),
  ),
];
