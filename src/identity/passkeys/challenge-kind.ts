/**
 * What a server's challenge is for stands at its beginning, so that a browser can refuse to sign anything else: an
 * approval's challenge is 32 bytes of SHA-256, and none of these ever is. No imports: the sign-in page carries it.
 */
export const challengePurposes = ["sign-in", "enrol-sign-in", "enrol-approval"] as const;
export type ChallengePurpose = (typeof challengePurposes)[number];

const encoder = new TextEncoder();

/** The bytes that a challenge for this purpose begins with; none is the beginning of another. */
export function challengeStart(purpose: ChallengePurpose): Uint8Array<ArrayBuffer> {
  return encoder.encode(`tidelock ${purpose} challenge, and no approval\n`);
}

/** Whether these bytes can be a challenge for this purpose, and nothing that an approval signs. Pure, never throws. */
export function isChallengeFor(bytes: Uint8Array, purpose: ChallengePurpose): boolean {
  const start = challengeStart(purpose);
  return bytes.length > start.length && start.every((byte, index) => bytes[index] === byte);
}
