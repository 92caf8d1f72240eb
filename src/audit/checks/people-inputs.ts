import canonicalize from "canonicalize";
import type { GivenAnswer } from "../../identity/approval/given.ts";
import { approveRight } from "../../model/approval.ts";
import { breakRight } from "../../model/break-glass.ts";
import type { DecisionInputs } from "../../policy/replay.ts";
import type { LogEntry } from "../log-entry.ts";
import { ApprovalAnswered, GlassRecorded, type PlanBlob } from "../payloads.ts";
import type { PeopleMaterial } from "../people/enrolments.ts";
import { absentAt, alsoOf, type SignedUnder, sponsorsOf } from "../people/standing.ts";

type Given = Pick<GivenAnswer, "id" | "person" | "also" | "enrolments" | "against" | "at">;

/**
 * Where a decision's inputs say something else of whoever signed than follows from the log: their other names, who stands
 * behind them and whose word lifted that, and that they were here. The decision is made again from its inputs, so with
 * these it rests on the entries about people and on no summary.
 */
export function peopleNotOnRecord(
  inputs: DecisionInputs,
  plan: PlanBlob | null,
  material: PeopleMaterial,
): readonly string[] {
  if (plan === null || plan.kind === "rollback") return [];
  const approvals = inputs.kind === "gate" ? (inputs.approvals?.answers ?? []) : [];
  const glass = inputs.glass?.signed ?? [];
  const keys = keysById(material.before);
  const now = inputs.kind === "gate" ? inputs.now : null;
  const under = (given: Given, right: string): SignedUnder => ({
    person: given.person,
    key: keys.get(given.id) ?? "",
    right,
  });
  return [
    ...approvals.map((given) => ({ given, of: under(given, approveRight(given.role)) })),
    ...glass.map((given) => ({ given, of: under(given, breakRight) })),
  ].flatMap(({ given, of }) => differences(given, of, plan.lane, now, material));
}

function differences(
  given: Given,
  of: SignedUnder,
  lane: PlanBlob["lane"],
  now: string | null,
  material: PeopleMaterial,
): readonly string[] {
  const { before } = material;
  // What came in while it was being decided, the decision may not have seen yet.
  const seen = now === null ? before : before.filter(({ leaf }) => leaf.time <= now);
  const same = [before, seen].some((entries) => {
    const people = { ...material, before: entries, ...(now === null ? {} : { now }) };
    return (
      canonicalize(sponsorsOf(people, of.person)(of, lane)) === canonicalize(given.enrolments) &&
      canonicalize(alsoOf(entries, of.person).toSorted()) === canonicalize(given.also.toSorted())
    );
  });
  const wrong: string[] = [];
  if (!same) {
    wrong.push(
      `its inputs say otherwise than the log who ${given.person} is and who stands behind them`,
    );
  }
  const absent =
    given.against === null && now !== null
      ? absentAt(seen, given.person, { now, signedAt: given.at })
      : null;
  if (absent !== null) wrong.push(`its inputs count ${given.person}, and ${absent}`);
  return wrong;
}

/** Of each signature, the key that made it. */
function keysById(before: readonly LogEntry[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const { leaf, payload } of before) {
    if (leaf.kind === "approval.answered") {
      const said = ApprovalAnswered.safeParse(payload).data;
      if (said) keys.set(said.answer, said.key);
    } else if (leaf.kind.startsWith("break-glass.")) {
      for (const { id, key } of GlassRecorded.safeParse(payload).data?.signatures ?? []) {
        keys.set(id, key);
      }
    }
  }
  return keys;
}
