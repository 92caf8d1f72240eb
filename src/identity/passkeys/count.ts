/** What a passkey said of itself when it was used last, and says now. */
export interface Used {
  readonly signCount: number;
  readonly backupEligible: boolean;
}

/**
 * Why an assertion looks as if two authenticators had one key (WebAuthn Level 3, §6.1.1), in a sentence; null: it does
 * not. Keys that are synchronised between devices count nothing, or each device on its own.
 */
export function cloneSign(before: Used, now: Used): string | null {
  if (before.backupEligible !== now.backupEligible) {
    return now.backupEligible
      ? "the passkey says that it can be copied, and was enrolled as one that cannot"
      : "the passkey says that it cannot be copied, and was enrolled as one that can";
  }
  if (now.backupEligible || (before.signCount === 0 && now.signCount === 0)) return null;
  return now.signCount > before.signCount
    ? null
    : `the passkey counts ${now.signCount}, and has counted ${before.signCount} before: somebody has a copy of it`;
}
