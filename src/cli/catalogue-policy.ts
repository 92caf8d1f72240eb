import { type CatalogueEntry, entry } from "./catalogue-entry.ts";

/** Commands about what decides, and what was decided. */
export const policyCommands: readonly CatalogueEntry[] = [
  entry(
    "gate verify",
    "Releases",
    "Make past decisions once more, and compare to the byte",
    () => import("./commands/gate/verify.ts"),
  ),
  entry(
    "gate explain",
    "Releases",
    "Why a gate says what it says, and what would change it",
    () => import("./commands/gate/explain.ts"),
  ),
  entry(
    "gate show",
    "Releases",
    "What an environment's gate asks, in words",
    () => import("./commands/gate/show.ts"),
  ),
];
