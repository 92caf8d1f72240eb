import type { ReleaseTrust } from "../../model/producers.ts";
import {
  type Asked,
  checkRelease,
  type Material,
  type ReleaseIdentity,
} from "../../evidence/release-check.ts";

/** One line of the answer: what was looked at, and how it stands. */
export interface VerifyLine {
  readonly what: "id" | "artifact" | Asked;
  readonly state: "verified" | "failed" | "not checked";
  readonly message: string;
}

const asked = ["signature", "provenance", "sbom", "attestation"] as const;

/** What the trust file demands, line by line, and what it does not demand. */
export function demandLines(
  release: ReleaseIdentity,
  material: readonly Material[],
  trust: ReleaseTrust,
  now: Date,
): readonly VerifyLine[] {
  const found = checkRelease(release, material, trust, now, null);
  return asked.flatMap((what): VerifyLine[] => {
    const answers = found.filter((one) => one.asked === what);
    if (answers.length === 0) {
      if (what === "attestation") return [];
      return [{ what, state: "not checked", message: "the trust file demands none" }];
    }
    return answers.map(({ met, message, level }) => ({
      what,
      state: met ? "verified" : "failed",
      message:
        level === null
          ? message
          : `${message} (SLSA build level ${level}, as the trust file grants it)`,
    }));
  });
}
