import type { WaiverView } from "../../api/routes/waivers.ts";
import { nameOfAccepted } from "../../evidence/predicates/waiver-consent.ts";
import { when } from "../output/words.ts";
import { clean } from "../terminal.ts";

/** A waiver as `show` prints it. */
export function waiverCard(view: WaiverView) {
  const { waived, signatures } = view;
  const { of } = waived;
  const seen =
    of.kind === "finding"
      ? [["finding", `${of.severity}: ${of.rule}: ${of.title}`] as const]
      : of.failing.map((name) => ["what fails", name] as const);
  const separation = signatures.at(-1)?.separation ?? null;
  return {
    item: view,
    name: view.id,
    lines: [
      ["waiver", view.id],
      ["accepts", acceptedIn(view)],
      ...seen.map(([key, text]) => [key, clean(text, 2_000)] as const),
      ["release", waived.release ?? "any that has the same"],
      ["reason", clean(waived.reason, 4_000)],
      ["meanwhile", clean(waived.control, 4_000)],
      ["owner", clean(waived.owner)],
      ["until", when(view.until)],
      ["state", waiverState(view)],
      [
        "signed by",
        clean(signatures.map(({ name, person }) => name ?? person).join(", ") || "nobody"),
      ],
      ...(separation === null ? [] : [["separation", clean(separation, 2_000)] as const]),
    ] as const,
  };
}

export function acceptedIn({ waived }: WaiverView): string {
  return clean(`${nameOfAccepted(waived.of)} of ${waived.service} in ${waived.environment}`, 500);
}

export function waiverState({ id, state, holds, why, signatures }: WaiverView): string {
  if (state === "proposed") {
    const more = signatures.length === 0 ? "two different people" : "one more person";
    return `waits for the signature of ${more}: tidelock waiver sign ${id} --key <file>`;
  }
  if (state === "in-force")
    return holds ? "in force" : clean(`in force, and does not hold: ${why}`);
  return clean(`${state}: ${why ?? ""}`);
}
