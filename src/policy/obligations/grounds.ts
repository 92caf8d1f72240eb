import type { Obligation, Obligations } from "../../model/requirements.ts";
import { breakable } from "../break-glass.ts";
import { type Ground, ground } from "../decide.ts";
import { proofsOf, type ShownRun } from "./shown.ts";

export interface ObligationInput extends Obligations {
  readonly runs: readonly ShownRun[];
}

/**
 * One reason for each requirement and threat, and one when the threat model is of another attack surface than this. Only
 * a fresh pass of exactly what is asked satisfies; a fail of it stays, whatever is run afterwards.
 */
export function obligationGrounds(
  input: ObligationInput,
  environment: string,
  now: string,
): readonly Ground[] {
  return [
    ...input.asked.map((one) => obligationGround(one, input.runs, environment, now)),
    ...(input.surface === null ? [] : [surfaceGround(input.surface)]),
  ];
}

function obligationGround(
  { kind, id, text, proofs }: Obligation,
  runs: readonly ShownRun[],
  environment: string,
  now: string,
): Ground {
  const lacking = proofsOf({ proofs }, runs, environment, now).find(({ lack }) => lack !== null);
  if (lacking === undefined && proofs.length > 0) {
    return ground("allow", kind, `${kind} ${id} is met: ${text}`);
  }
  const why = lacking ? `${lacking.name} ${lacking.lack}` : "nothing could show it";
  const said = ground("deny", kind, `${kind} ${id} (${text}): ${why}`);
  return breakable(said, { of: `${kind} ${id}` });
}

/** A model that was made for another attack surface than this says nothing of it. */
export function surfaceGround({
  reviewed,
  added,
  removed,
}: Obligations["surface"] & object): Ground {
  const differing = [...added.map((line) => `+ ${line}`), ...removed.map((line) => `- ${line}`)];
  if (differing.length === 0) {
    return ground(
      "allow",
      "threat-model",
      `the threat model of ${reviewed} is of this attack surface`,
    );
  }
  const shown = differing.slice(0, 5).join("; ");
  const more = differing.length > 5 ? `; and ${differing.length - 5} more` : "";
  const message = `the threat model of ${reviewed} is of another attack surface (${shown}${more}); answer \`tidelock threat-model review\` and apply the model anew`;
  return breakable(ground("deny", "threat-model", message), { of: "threat-model" });
}
