import type { ProposalView } from "../../api/views/finding.ts";
import { when } from "../output/words.ts";
import { clean } from "../terminal.ts";

export function proposalCard(view: ProposalView) {
  const { proposed, consents } = view;
  const { act } = proposed;
  // It lasts until the scan is made again.
  const retired = act.kind === "retire-scan" && view.state === "in-force";
  return {
    item: view,
    name: view.id,
    lines: [
      ["proposal", view.id],
      ["finding", clean(`${proposed.finding}  ${proposed.title}`)],
      ["says", clean(saysOf(view))],
      ...(retired
        ? []
        : [[act.kind === "retire-scan" ? "to be signed by" : "until", when(act.until)] as const]),
      ["reason", clean(act.reason)],
      ["state", stateOf(view)],
      [
        "signed by",
        clean(consents.map(({ name, person }) => name ?? person).join(", ") || "nobody"),
      ],
    ] as const,
  };
}

/** What was proposed of a finding, who has signed it, and how it is signed: two lines, or one when it is settled. */
export function proposalLines(view: ProposalView): readonly string[] {
  const { proposed, consents } = view;
  const signed = consents.map(({ name, person }) => name ?? person).join(", ");
  const { kind, until, reason } = proposed.act;
  const end = kind === "retire-scan" ? "" : ` until ${when(until)}`;
  const what = `${view.id}  ${saysOf(view)}${end}: ${reason}`;
  return [
    clean(`${what}  (${stateOf(view)}; signed by ${signed || "nobody"})`),
    ...(view.state === "waiting" ? [confirmHint(view.id)] : []),
  ];
}

/** How somebody signs a proposal. */
export function confirmHint(proposal: string): string {
  return `each of two people: tidelock findings confirm ${clean(proposal)} --key <their private key>`;
}

function saysOf({ proposed: { act, severity } }: ProposalView): string {
  switch (act.kind) {
    case "false-positive":
      return "a false positive";
    case "lower":
      return `${act.severity}, not ${severity}`;
    case "retire-scan":
      return `nobody makes this scan any more: ${act.scan.tool} of ${act.scan.subject || "no subject"}, which sees ${act.scan.sees}`;
  }
}

function stateOf({ state, consents }: ProposalView): string {
  if (state !== "waiting") return state;
  return consents.length === 0
    ? "waits for the signatures of two different people"
    : "waits for the signature of one more person";
}
