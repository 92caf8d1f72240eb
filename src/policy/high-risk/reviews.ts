import type { HighRisk, Touched } from "../../model/high-risk.ts";
import type { CheckDemand } from "../../model/pipeline.ts";
import { freeName } from "../floor.ts";

/** Of the texts that a person signs; the whole list is in `tidelock release changes`. Characters. */
const mostSaid = 600;

/** Begins the name of every check that asks for a review of a high-risk change. */
const reviewPrefix = "review-";

/**
 * Whether two checks may be reviews of one class, which different people have to answer. Names are all that says so, and a
 * class may end in a number or be cut to fit: in doubt they are.
 */
export function reviewsOfOne(one: string, other: string): boolean {
  if (!one.startsWith(reviewPrefix) || !other.startsWith(reviewPrefix)) return false;
  const others = readings(other);
  return readings(one).some((name) => others.includes(name));
}

/** Longer names are cut by at most so much less when a number is put to them. */
const compared = 40;

/** With its last number as a part of the class's name, and without. */
function readings(check: string): readonly string[] {
  const name = check.slice(reviewPrefix.length);
  return [name, name.replace(/-\d+$/, "")].map((text) => text.slice(0, compared));
}

/**
 * The signed reviews that a change asks for besides what is demanded already: one check a class, role and person. What
 * was touched stands in the question, so that an answer is about that and nothing else.
 */
export function reviewDemands(
  declared: readonly HighRisk[],
  touched: readonly Touched[],
  already: readonly { readonly name: string }[],
): readonly CheckDemand[] {
  const asked: CheckDemand[] = [];
  for (const { class: name, because } of touched) {
    const people = new Map<string, number>();
    for (const { class: of, review } of declared) {
      if (of === name) people.set(review.role, Math.max(people.get(review.role) ?? 0, review.people)); // prettier-ignore
    }
    for (const [role, count] of people) {
      for (let number = 1; number <= count; number += 1) {
        asked.push(demandOf(name, because, role, freeName(`${reviewPrefix}${name}`, [...already, ...asked]))); // prettier-ignore
      }
    }
  }
  return asked;
}

function demandOf(risk: string, because: string, role: string, name: string): CheckDemand {
  const text = `I have read what this release changes in ${risk} and found it sound: ${because}`;
  const item = { id: "read", text: printable(text), comment: true, notApplicable: false };
  return {
    name,
    uses: "manual",
    with: { kind: "checklist", role, items: [item] },
    phase: "static",
    timeout: 300_000,
    retries: 0,
    allowWarn: false,
  };
}

/** Paths are what somebody named them; a question is one line that is shown in terminals. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?").slice(0, mostSaid);
}
