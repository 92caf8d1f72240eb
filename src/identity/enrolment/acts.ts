/**
 * Who made an identity what it is. Each kind of entry here is an act for a person: the entry's actor did it, `person` in
 * its payload is for whom, and it stands in the stream `system`. Whatever else lets somebody act or sign as a person gets
 * a line here when it is written, and is nothing that a single person can use for themselves from then on.
 */

/** A key, a password or a role that came from somebody else waits for so long: time for its owner to hear of it. */
export const resetWaitMs = 86_400_000;

/** What each kind is, without anybody's name. */
export const enrolmentKinds: ReadonlyMap<string, string> = new Map([
  ["person.key-added", "the key"],
  ["person.linked", "another name"],
  ["person.standing-set", "the return"],
  ["grant.added", "the right"],
  ["role.assigned", "the role"],
  ["token.created", "the token"],
  ["account.link-made", "the link"],
  ["account.link-used", "the use of the link"],
  ["account.owner-made", "a way in that was made on the machine itself"],
  ["account.unlocked", "the unlocking"],
  ["passkey.added", "the passkey"],
  ["identity.linked", "the identity of a provider"],
  // For the provider itself: whoever did it stands behind each of its words.
  ["provider.vouches", "that the provider may vouch"],
]);

/**
 * What an entry of such a kind says, and how long approvals wait after it. Null: nobody can do anything by it that they
 * could not before.
 */
export function actSays(
  kind: string,
  payload: Readonly<Record<string, unknown>>,
): { readonly what: string; readonly waitMs: number } | null {
  const says = enrolmentKinds.get(kind);
  if (says === undefined) return null;
  const { purpose, state, right, role, known } = payload;
  if (kind === "person.standing-set" && state !== "active") return null;
  if (kind.startsWith("account.link-")) {
    const reset = purpose === "reset";
    const what = `${says} ${reset ? "that resets how they sign in" : "that invites them"}`;
    return { what, waitMs: reset ? resetWaitMs : 0 };
  }
  if (kind === "account.owner-made")
    return { what: says, waitMs: known === true ? resetWaitMs : 0 };
  const named = [right, role].filter((one) => typeof one === "string");
  return { what: [says, ...named].join(" "), waitMs: 0 };
}

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
  /** Somebody could act as the person by it: its approvals wait for so long. Milliseconds. */
  readonly waitMs: number;
}

/**
 * Who did an act, and who only saw it: by its entry and what people have signed for it. The server asks it of its tables, and
 * an auditor of the log.
 *
 * @param actor of the entry; null: a program, or a name that tells nobody apart
 * @param own signers of the proposal that brought it about, in their order; `beside`: who gave a right to exactly this key
 */
export function whoDid(
  actor: string | null,
  { own, beside }: { readonly own: readonly string[]; readonly beside: readonly string[] },
): Pick<EnrolmentAct, "by" | "proven" | "signed"> {
  const [first, ...others] = own;
  // Whoever hands in the last of two signatures makes the entry, and is the second person all the same.
  const did = actor === null || others.includes(actor) ? [] : [actor];
  return {
    by: [...did, ...(first === undefined ? [] : [first])],
    proven: actor !== null || first !== undefined,
    signed: [...others, ...beside],
  };
}

/** A third person's word, or a provider's. */
export interface Vouching {
  /** Pseudonym, or `provider:<issuer>#<id of the link>`, for whom there are acts of their own. */
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
