import { digestOf } from "../../model/canonical.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Plan } from "../../model/plan.ts";
import { basisDigest, type ToApprove } from "./statement.ts";

/** A request as a server sends it. */
export type Sent = ToApprove & { readonly plan: Plan | null };

/** What a server says that a request is about, and what this program makes of the contents that it sent. */
export interface Recomputed {
  readonly what: "plan" | "decision";
  readonly said: string;
  readonly here: string;
}

/** The digests that can be computed anew, on this machine, from the plan, the verdicts and the findings. */
export function recomputed({ asked, plan, basis }: Sent): readonly Recomputed[] {
  return [
    ...(plan === null ? [] : [{ what: "plan" as const, said: asked.plan, here: digestOf(plan) }]),
    { what: "decision", said: asked.decision, here: basisDigest(basis) },
  ];
}

/** Nobody signs a digest of something else than what is shown. Throws `digest-mismatch`. */
export function requireSame(view: Sent): void {
  const other = recomputed(view).find(({ said, here }) => said !== here);
  const { plan, asked } = view;
  const elsewhere =
    plan !== null &&
    (plan.release !== asked.release ||
      plan.configuration !== asked.configuration ||
      plan.lane.service !== asked.service ||
      plan.lane.environment !== asked.environment);
  if (other === undefined && !elsewhere) return;
  throw new TidelockError(
    "digest-mismatch",
    other === undefined
      ? "the plan that the server sent is about something else than what is asked"
      : `the server says that the ${other.what} is ${other.said}, and what it sent is ${other.here}`,
    { where: asked.request, hint: "sign nothing, and ask whoever runs the server" },
  );
}
