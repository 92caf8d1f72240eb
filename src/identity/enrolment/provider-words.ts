import { providerAs, type VouchFacts } from "../../model/provider-vouch.ts";
import type { EnrolmentAct, Vouching } from "./acts.ts";

/**
 * When a provider's word for somebody counts, and who stands behind it: a provider is trusted to know its people apart, and
 * nobody whom it serves is trusted to say so. Pure.
 */

export interface ProviderVouch {
  readonly person: string;
  readonly issuer: string;
  readonly acts: readonly string[];
  readonly facts: VouchFacts;
}

/** Who a person is at a provider, as it stands. */
export interface StandingIdentity {
  readonly id: string;
  readonly person: string;
  readonly issuer: string;
  readonly proposal: string | null;
  /** Whether the provider's own first word made the link, and no person. */
  readonly byProvider: boolean;
  /** Everybody for whom the same name there was ever linked: it is one human's, whoever they were here before. */
  readonly held: readonly string[];
}

/** That a provider may vouch, as it stands. */
export interface StandingSetting {
  readonly id: string;
  readonly issuer: string;
  readonly administrators: readonly string[];
  readonly proposal: string | null;
}

export interface ProviderRecord {
  readonly words: readonly ProviderVouch[];
  readonly identities: readonly StandingIdentity[];
  readonly settings: readonly StandingSetting[];
  /** Of everybody, and of providers as identities of their own. */
  readonly acts: ReadonlyMap<string, readonly EnrolmentAct[]>;
  /** Who is one person: further pseudonyms by the one that stands for them. */
  readonly same: ReadonlyMap<string, string>;
  /** Whether two people ever had to sign: then nothing that one of them did alone counts. */
  readonly team: boolean;
  /** RFC 3339. */
  readonly now: string;
}

/** @returns words that count now, and the acts by which it is told who stands behind each of them */
export function countingWords(record: ProviderRecord): {
  readonly vouchings: readonly Vouching[];
  readonly acts: ReadonlyMap<string, readonly EnrolmentAct[]>;
} {
  const vouchings: Vouching[] = [];
  const acts = new Map<string, readonly EnrolmentAct[]>();
  for (const word of record.words) {
    const identity = record.identities.find(({ id }) => id === word.facts.identity);
    const setting = record.settings.find(({ id }) => id === word.facts.setting);
    if (!identity || !setting || !counts(record, word, identity, setting)) continue;
    const by = `${providerAs(word.issuer)}#${identity.id}`;
    vouchings.push({ by, acts: word.acts });
    acts.set(by, behindWord(record, by, identity, setting));
  }
  return { vouchings, acts };
}

/** Not after its end, of another link than the one that stands, or from before somebody else could act as the person. */
function counts(
  { now, acts }: ProviderRecord,
  { person, issuer, facts }: ProviderVouch,
  identity: StandingIdentity,
  setting: StandingSetting,
): boolean {
  if (identity.person !== person || identity.issuer !== issuer) return false;
  if (setting.issuer !== issuer || Date.parse(facts.until) <= Date.parse(now)) return false;
  const said = Date.parse(facts.at);
  return !(acts.get(person) ?? []).some(
    ({ kind, waitMs, at }) => (waitMs > 0 || kind === "identity.linked") && Date.parse(at) >= said,
  );
}

/**
 * Whoever made the link, or let the provider vouch, or can make accounts there, or had the same name there before. Here no second signature lifts that the
 * first one stands behind it: all of them do.
 */
function behindWord(
  { acts, same, team }: ProviderRecord,
  by: string,
  identity: StandingIdentity,
  setting: StandingSetting,
): readonly EnrolmentAct[] {
  const of = (person: string, operation: string) =>
    (acts.get(person) ?? []).find((act) => act.operation === operation);
  const link = of(identity.person, `person-identity/${identity.id}/1`);
  const set = of(providerAs(setting.issuer), `vouching-provider/${setting.id}/1`);
  const agreed = (proposal: string | null) => !team || proposal !== null;
  const mine = (act: EnrolmentAct | undefined, proven: boolean): EnrolmentAct => ({
    operation: `${act?.operation ?? "nobody"}#${by}`,
    kind: act?.kind ?? "",
    what: act?.what ?? "",
    person: by,
    by: [...new Set([...(act?.by ?? []), ...(act?.signed ?? [])])],
    proven: act !== undefined && proven,
    signed: [],
    at: act?.at ?? "",
    waitMs: 0,
  });
  const one = (person: string) => same.get(person) ?? person;
  const before = identity.held.filter((person) => one(person) !== one(identity.person));
  const made = mine(set, set?.proven === true && agreed(setting.proposal));
  return [
    identity.byProvider
      ? mine(link, true)
      : mine(link, link?.proven === true && agreed(identity.proposal)),
    { ...mine(link, true), operation: `${identity.id}#${by}#before`, by: before },
    made,
    { ...made, operation: `${made.operation}#administrators`, by: setting.administrators },
  ];
}
