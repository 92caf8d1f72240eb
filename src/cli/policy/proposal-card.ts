import { shownFingerprint } from "../../evidence/commit-keys.ts";
import type { PolicyProposalView } from "../../api/routes/policy.ts";
import { when } from "../output/words.ts";
import { clean } from "../terminal.ts";

export function policyProposalCard(view: PolicyProposalView) {
  const { proposed, signatures } = view;
  const { change } = proposed;
  return {
    item: view,
    name: view.id,
    lines: [
      ["proposal", view.id],
      ["what", whatOf(view)],
      ...(change.kind === "documents"
        ? [
            ...change.changes.map((line) => ["changes", clean(line)] as const),
            ["replay", `since ${when(change.replay.since)}: ${change.replay.text}`] as const,
          ]
        : []),
      ["proposed by", `${view.by}, ${when(view.at)}`],
      ["until", when(proposed.until)],
      ["state", stateOf(view)],
      ["signed by", signatures.map(({ name, person }) => name ?? person).join(", ") || "nobody"],
    ] as const,
  };
}

export function whatOf({ proposed: { change } }: PolicyProposalView): string {
  switch (change.kind) {
    case "documents":
      return change.documents
        .map(({ kind, name, before }) => `${before ? "" : "new "}${kind.toLowerCase()} ${name}`)
        .join(", ");
    case "governance":
      return "governance solo: one person changes policy";
    case "grant":
      return `the right ${change.right === undefined ? "to change policy" : clean(change.right)}, for ${change.person}`;
    case "role":
      return `the role ${change.role}, for ${change.person ?? change.token ?? "nobody"}`;
    case "role-definition":
      return `what the role ${change.role} holds: ${change.permissions.join(", ") || "nothing"}`;
    case "enrolment":
      if (change.act === "provider") return `that ${clean(change.person)} may vouch for people`;
      return `${change.act} for ${change.person}, who can be acted as by it`;
    case "workload-rule":
      return `the workload rule ${change.rule.name}: ${clean(change.rule.issuer)} gets the role ${change.rule.role}`;
    case "key":
      if (change.commits) {
        const shown = shownFingerprint(change.publicKey) ?? change.key;
        return `the key ${shown}, which signs commits of ${change.person}`;
      }
      return `another key of ${change.person}, ${change.rights === undefined ? "who may sign" : "whose word counts"}`;
  }
}

export function stateOf({ state, why, missing, effectAt }: PolicyProposalView): string {
  switch (state) {
    case "waiting":
      return missing > 1 ? "waits for two people's signatures" : "waits for one more person";
    case "in-effect":
      return `in effect since ${effectAt === null ? "now" : when(effectAt)}`;
    case "void":
      return `void: ${why ?? "what it would change was changed"}`;
    case "expired":
      return `expired: ${why ?? "nobody signed in time"}`;
  }
}

export function policySignHint(id: string): string {
  return `each of two people: tidelock policy sign ${clean(id)} --key <their private key>`;
}
