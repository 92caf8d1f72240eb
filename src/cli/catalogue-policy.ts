import { type CatalogueEntry, entry } from "./catalogue-entry.ts";

/** Commands about what decides, and what was decided. */
export const policyCommands: readonly CatalogueEntry[] = [
  entry(
    "gate verify",
    "Releases",
    "Make past decisions once more, and compare to the byte",
    () => import("./commands/gate/verify.ts"),
  ),
];
