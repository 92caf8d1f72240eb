import type { GovernanceMode } from "../approval/separation.ts";
import { ownWork } from "../approval/separation.ts";
import type { GivenGlass, GlassInput, GlassNow } from "./given.ts";

/** Whether a glass that people broke counts at this moment, for this. */
export type GlassStanding =
  | {
      readonly stands: true;
      /** Pseudonyms of those who signed; in `solo` it may be one. */
      readonly people: readonly string[];
    }
  | { readonly stands: false; readonly why: string };

/** By two people who are not each other's sponsors; in `solo` by one, which is said. Pure and total. */
export function glassStanding(
  input: GlassInput,
  { now, mode }: { readonly now: string; readonly mode: GovernanceMode },
): GlassStanding {
  const { asked, policy, promotion, usedBy } = input;
  const other = (Object.keys(input.now) as (keyof GlassNow)[]).filter(
    (key) => asked[key] !== input.now[key],
  );
  if (other.length > 0) return no(`it was signed for another ${other.join(", ")}`);
  if (policy.allowed === "none") return no("the environment's owners allow none");
  if (usedBy !== null && usedBy !== promotion)
    return no(`${usedBy} went through it: it counts once`);
  const end = Math.min(Date.parse(asked.expires), Date.parse(input.at) + policy.longest);
  // Comparisons with what is no time are false: then it does not count.
  if (!(Date.parse(now) < end)) return no("it has expired");
  if (!(Date.parse(now) >= Date.parse(input.at))) return no("it is from later than now");
  const counted: GivenGlass[] = [];
  const against: string[] = [];
  for (const given of inOrder(input.signed)) {
    const why = given.against ?? notAnother(given, counted, mode);
    if (why === null) counted.push(given);
    else against.push(`that of ${given.person} does not count: ${why}`);
  }
  const needed = mode === "solo" ? 1 : 2;
  if (counted.length >= needed) {
    return { stands: true, people: counted.map(({ person }) => person) };
  }
  const missing = `${counted.length} of ${needed} people signed it (tidelock break-glass sign ${asked.glass})`;
  return no([missing, ...against].join("; "));
}

/** Why somebody is not another person than those who signed before; null: they are. */
export function notAnother(
  given: Pick<GivenGlass, "person" | "also" | "enrolments">,
  before: readonly Pick<GivenGlass, "person" | "also" | "enrolments">[],
  mode: GovernanceMode,
): string | null {
  for (const one of before) {
    const first = {
      what: "signature of the first person",
      people: [one.person, ...one.also],
      proven: true,
    };
    const second = {
      what: "signature of the second person",
      people: [given.person, ...given.also],
      proven: true,
    };
    // Whoever brought the other one here answers for both.
    const why = ownWork(given, [first], mode) ?? ownWork(one, [second], mode);
    if (why !== null) return why;
  }
  return null;
}

function inOrder(signed: readonly GivenGlass[]): readonly GivenGlass[] {
  return [...signed].sort(
    (a, b) => Date.parse(a.at) - Date.parse(b.at) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
}

function no(why: string): GlassStanding {
  return { stands: false, why };
}
