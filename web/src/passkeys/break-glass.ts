// First: schemas ask at once.
import "./no-eval.ts";
import type { BreakGlassView } from "../../../src/api/routes/break-glass.ts";
import { glassDigest, glassStatement } from "../../../src/identity/break-glass/statement.ts";
import { glassText } from "../../../src/identity/break-glass/text.ts";
import type { GlassAnswer } from "../../../src/model/break-glass.ts";
import { digestOf } from "../../../src/model/canonical.ts";
import { type Prepared, prepareStatement } from "./sign.ts";

/** The signature under a broken glass, or its review, as it would be signed. */
export function prepareGlass({ asked, basis }: BreakGlassView, answer: GlassAnswer): Prepared {
  const to = { asked, basis };
  return prepareStatement(glassText(to, answer), glassStatement(to, answer));
}

/** Plan and decision as the server calls them and as this page computes them. */
export function glassDigests({ asked, basis, plan }: BreakGlassView) {
  return [
    ...(plan === null ? [] : [{ what: "plan", said: asked.plan, here: digestOf(plan) }]),
    { what: "decision", said: asked.decision, here: glassDigest(basis) },
  ];
}

/** Why nobody should sign it; null: what the server sent is what would be signed. */
export function glassProblem(view: BreakGlassView): string | null {
  const other = glassDigests(view).find(({ said, here }) => said !== here);
  if (view.asked.glass !== view.id) return "the number is not the one that would be signed";
  return other === undefined
    ? null
    : `the server says that the ${other.what} is ${other.said}, and what it sent is ${other.here}`;
}
