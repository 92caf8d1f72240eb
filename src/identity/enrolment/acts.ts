/**
 * Who made an identity what it is. Each kind of entry here is an act for a person: the entry's actor did it, `person` in
 * its payload is for whom, and it stands in the stream `system`. Whatever else lets somebody act or sign as a person gets
 * a line here when it is written, and is nothing that a single person can use for themselves from then on.
 */

/** What an act is, without anybody's name. */
export interface ActKind {
  readonly says: string;
  /** Whoever did it could act as the person afterwards: approvals wait for so long. Milliseconds; 0: they need not. */
  readonly waitMs: number;
}

/** A key, a password or a role that came from somebody else waits for so long: time for its owner to hear of it. */
export const resetWaitMs = 86_400_000;

const plain = (says: string): ActKind => ({ says, waitMs: 0 });

export const enrolmentKinds: ReadonlyMap<string, ActKind> = new Map([
  ["person.key-added", plain("the key")],
  ["person.linked", plain("another name")],
  ["grant.added", plain("the right")],
  ["role.assigned", plain("the role")],
  ["token.created", plain("the token")],
  ["account.invited", plain("the invitation")],
  ["account.reset", { says: "the reset", waitMs: resetWaitMs }],
  ["passkey.added", plain("the passkey")],
  ["identity.linked", plain("the identity of a provider")],
]);

/** One act, as the log has it. People stand here by pseudonym. */
export interface EnrolmentAct {
  /** Operation of its entry: what a third person vouches for. */
  readonly operation: string;
  readonly kind: string;
  /** `the role sre`. */
  readonly what: string;
  /** For whom. */
  readonly person: string;
  /** Who did it, and whoever signed it first where two had to. */
  readonly by: readonly string[];
  /** Whether it is shown that it was them; a shared token shows nobody. */
  readonly proven: boolean;
  /** Others who signed it too. */
  readonly signed: readonly string[];
  /** RFC 3339, by the ledger's clock. */
  readonly at: string;
}

/** A third person's word, or a provider's. */
export interface Vouching {
  /** Pseudonym, or `provider:<issuer>`. */
  readonly by: string;
  readonly acts: readonly string[];
}

/** Everything that is known of how people came to be here, as far as it was gathered. */
export interface EnrolmentRecord {
  /** By pseudonym of whom it was done for. */
  readonly acts: ReadonlyMap<string, readonly EnrolmentAct[]>;
  readonly vouchings: readonly Vouching[];
  /** Who is one person: further pseudonyms by the one that stands for them. */
  readonly same: ReadonlyMap<string, string>;
  /**
   * When team governance was entered first, RFC 3339; null: never. Those who were here by then are the founders: nobody
   * could vouch for anybody, if whoever enrolled them stood behind each of their words.
   */
  readonly foundedAt: string | null;
}
