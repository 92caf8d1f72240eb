import type { IdentityProof, SlotSockets } from "../ports/host-agent.ts";
import type { Digest } from "../model/primitives.ts";

/**
 * What a proof shows to the contrary of what is expected, or null. A grade `none` is no contradiction: it
 * shows nothing.
 */
export function contradictionIn(
  proof: IdentityProof,
  expected: { readonly release: Digest },
): string | null {
  if (proof.release !== expected.release) {
    return `it runs ${proof.release}, and the plan says ${expected.release}`;
  }
  if (proof.answeredAs !== undefined && proof.answeredAs !== expected.release) {
    return `an instance answers as ${proof.answeredAs}: it may hand on what it is asked`;
  }
  // Changed files are no missing proof but a proof of the contrary, whatever grade comes with them.
  if (!proof.treeVerified) {
    return `digest-mismatch: the unpacked files are not those of the release (${proof.reason})`;
  }
  const stranger =
    proof.strangers[0] ??
    (proof.grade === "none"
      ? undefined
      : proof.instances.find((one) => one.port !== null && !one.ownsSocket)?.port);
  if (stranger === undefined || stranger === null) return null;
  return `port ${stranger} is answered by another process than the release's`;
}

/** The same of a cheap look. */
export function contradictionAt(
  seen: Pick<SlotSockets, "deployed" | "strangers">,
  expected: { readonly release: Digest; readonly generation: string },
): string | null {
  if (seen.deployed === null) return "nothing is deployed there any more";
  if (seen.deployed.release !== expected.release) {
    return `it runs ${seen.deployed.release}, and the plan says ${expected.release}`;
  }
  if (seen.deployed.generation !== expected.generation) {
    return `other instances stand there: ${seen.deployed.generation} instead of ${expected.generation}`;
  }
  const stranger = seen.strangers[0];
  return stranger === undefined
    ? null
    : `port ${stranger} is answered by another process than the release's`;
}
