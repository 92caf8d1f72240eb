import type { EnrolmentAct, EnrolmentRecord } from "./acts.ts";

/**
 * Who stands behind an identity: everybody who created, reset, linked or granted, whoever stands behind those, and so on,
 * until a third person vouches who is neither the identity, nor one of them, nor made by one of them. Pure and total.
 */

export interface Sponsorship {
  readonly act: EnrolmentAct;
  /** Everybody behind the act. */
  readonly by: readonly string[];
  /** Whether all of them are shown to have been themselves. */
  readonly proven: boolean;
  /** Whether the identity did it itself, or through somebody whom it stands behind. */
  readonly own: boolean;
  /** Third persons and providers whose word counts for it. */
  readonly vouched: readonly string[];
  /** Who stands behind each of those: where they have worked on it, the word is not a third person's. */
  readonly behind: Readonly<Record<string, readonly string[]>>;
}

/** Whoever stands behind somebody, and whether all of it is proven. */
interface Behind {
  readonly people: ReadonlySet<string>;
  readonly proven: boolean;
}

/** Who stands behind everybody. The first looks at every act, the last only at those that nobody vouches for. */
type Puppets = (person: string) => Behind;

/** More rounds than this change nothing that anybody built by hand; fewer only refuse more. */
const mostRounds = 16;

/** One line for each act for a person, in the order of acts. */
export function sponsorships(record: EnrolmentRecord, person: string): readonly Sponsorship[] {
  const puppets = settled(record);
  return actsFor(record, person).map((act) => {
    const { people, proven } = behindAct(record, act, puppets);
    const vouched = vouchersOf(record, act, puppets);
    return {
      act,
      by: [...people].sort(),
      proven,
      own: act.by.some((by) => {
        const who = one(record, by);
        return who === person || puppets(who).people.has(person);
      }),
      vouched,
      behind: Object.fromEntries(vouched.map((who) => [who, [...puppets(who).people].sort()])),
    };
  });
}

function actsFor({ acts }: EnrolmentRecord, person: string): readonly EnrolmentAct[] {
  return acts.get(person) ?? [];
}

function one({ same }: EnrolmentRecord, person: string): string {
  return same.get(person) ?? person;
}

/**
 * Whose word counts depends on who stands behind them, which depends on whose word counts. So at first everybody stands
 * behind everybody whom they ever made; each round takes away what a word lifts that counts in spite of all that is left.
 * Two puppets of one hand never lift each other.
 */
function settled(record: EnrolmentRecord): Puppets {
  let puppets = closure(record, () => true);
  let open = openIn(record, puppets);
  for (let round = 0; round < mostRounds; round += 1) {
    const next = closure(record, (act) => open.has(act.operation));
    const still = openIn(record, next);
    puppets = next;
    if (still.size === open.size) break;
    open = still;
  }
  return puppets;
}

function openIn(record: EnrolmentRecord, puppets: Puppets): ReadonlySet<string> {
  const open = new Set<string>();
  for (const acts of record.acts.values()) {
    for (const act of acts) {
      if (vouchersOf(record, act, puppets).length === 0) open.add(act.operation);
    }
  }
  return open;
}

function closure(record: EnrolmentRecord, counts: (act: EnrolmentAct) => boolean): Puppets {
  const known = new Map<string, Behind>();
  return (person) => {
    const before = known.get(person);
    if (before) return before;
    const people = new Set<string>();
    let proven = true;
    const look = [person];
    for (let next = look.pop(); next !== undefined; next = look.pop()) {
      for (const act of actsFor(record, next)) {
        if (!counts(act) || (!isProvider(next) && isFounding(record, act))) continue;
        proven &&= act.proven;
        for (const by of act.by) {
          const who = one(record, by);
          if (who === person || people.has(who)) continue;
          people.add(who);
          look.push(who);
        }
      }
    }
    const behind = { people, proven };
    known.set(person, behind);
    return behind;
  };
}

function isProvider(by: string): boolean {
  return by.startsWith("provider:");
}

/** Before two people decided anything. */
function isFounding({ foundedAt }: EnrolmentRecord, { at }: EnrolmentAct): boolean {
  return foundedAt !== null && Date.parse(at) <= Date.parse(foundedAt);
}

/** Everybody behind one act, the person itself left out: what somebody does for themselves makes no sponsor. */
function behindAct(record: EnrolmentRecord, act: EnrolmentAct, puppets: Puppets): Behind {
  const people = new Set<string>();
  let { proven } = act;
  for (const by of act.by) {
    const who = one(record, by);
    if (who === act.person) continue;
    people.add(who);
    const behind = puppets(who);
    proven &&= behind.proven;
    for (const further of behind.people) if (further !== act.person) people.add(further);
  }
  return { people, proven };
}

function vouchersOf(
  record: EnrolmentRecord,
  act: EnrolmentAct,
  puppets: Puppets,
): readonly string[] {
  const { people } = behindAct(record, act, puppets);
  const words = [
    ...act.signed,
    ...record.vouchings.flatMap(({ by, acts }) => (acts.includes(act.operation) ? [by] : [])),
  ];
  const third = [...new Set(words.map((by) => one(record, by)))].filter((by) => {
    if (by === act.person || people.has(by)) return false;
    const { people: behind, proven } = puppets(by);
    // Where nobody knows who let it vouch or made the link, it could be anybody's.
    if (isProvider(by) && record.foundedAt !== null && !proven) return false;
    return !behind.has(act.person) && ![...people].some((sponsor) => behind.has(sponsor));
  });
  return third.sort();
}
