import { breakable } from "./break-glass.ts";
import { type Ground, ground } from "./decide.ts";

/** One thing that the environment's owners demand to be stated about the release, and whether it is. */
export interface Requirement {
  readonly asked: "signature" | "provenance" | "sbom" | "attestation";
  readonly met: boolean;
  /** Who stated what, or why none of what is there counts. */
  readonly message: string;
}

export function requirementGrounds(requirements: readonly Requirement[]): readonly Ground[] {
  return requirements.map(({ asked, met, message }) => {
    const said = ground(met ? "allow" : "deny", `evidence.${asked}`, message);
    // Whose it is and where it comes from is never set aside.
    return asked === "sbom" ? breakable(said, { of: "evidence sbom" }) : said;
  });
}
