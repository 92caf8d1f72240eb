import type { EngagementView } from "../api/routes/engagements.ts";
import { when } from "./output/words.ts";

/** An engagement as `show` prints it. */
export function engagementCard(view: EngagementView) {
  const { id, engagement, state, withdrawn, signedBy, findings } = view;
  const { kind, service, environment, release, party, scope, began, ended, validUntil } =
    engagement;
  return {
    item: view,
    name: id,
    lines: [
      [
        "engagement",
        `${id}: ${kind} of ${service}${environment === null ? "" : ` in ${environment}`}`,
      ],
      ["by", party],
      ["scope", scope],
      ...(release === null ? [] : [["release", release] as const]),
      ["when", `${began} to ${ended}`],
      ["outcome", engagement.outcome],
      [
        "state",
        state === "withdrawn" ? `withdrawn: ${withdrawn}` : `${state}, until ${validUntil}`,
      ],
      ...engagement.evidence.map(({ name, digest }) => ["evidence", `${name} ${digest}`] as const),
      [
        "findings",
        findings.all === 0
          ? `none were imported: tidelock findings import <file> --service ${service} --scan ${id}`
          : `${findings.all}, ${findings.open} of them open`,
      ],
      [
        "signed",
        `by ${signedBy.name ?? "somebody who was erased"} (${signedBy.person}), recorded ${when(view.at)}`,
      ],
    ] as const,
  };
}
