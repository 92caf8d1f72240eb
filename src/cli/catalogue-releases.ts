import { type CatalogueEntry, entry } from "./catalogue-entry.ts";

/** Commands about pipelines, releases, what is stated about them, and promotions. */
export const releaseCommands: readonly CatalogueEntry[] = [
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
  entry(
    "release changes",
    "Releases",
    "Show what a release changes, and what was found about it",
    () => import("./commands/release/changes.ts"),
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
    "check show",
    "Releases",
    "Show what a check of a promotion found, or its raw report",
    () => import("./commands/check/show.ts"),
  ),
  entry(
    "advisories import",
    "Releases",
    "Bring in advisories, for checks that ask nobody outside",
    () => import("./commands/advisories/import.ts"),
  ),
  entry(
    "advisories show",
    "Releases",
    "Show which advisories checks decide by",
    () => import("./commands/advisories/show.ts"),
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
    "audit access",
    "Releases",
    "Show who called the API to change something, and who was refused",
    () => import("./commands/audit/access.ts"),
  ),
  entry(
    "audit verify",
    "Releases",
    "Verify an audit pack, without a server",
    () => import("./commands/audit/verify.ts"),
  ),
];
