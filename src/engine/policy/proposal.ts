import { z } from "zod";
import type { PolicyProposalView } from "../../api/routes/policy.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Document } from "../../model/pipeline.ts";
import { type PolicyChange, PolicyProposed, proposalLastsMs } from "../../model/policy-proposal.ts";
import { Digest, Name } from "../../model/primitives.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { announce } from "../../store/queries/events.ts";
import { namesOf } from "../../store/queries/grants.ts";
import { readTree } from "../../store/queries/ledger-tree.ts";
import {
  actsOfProposal,
  insertPolicyAct,
  listPolicyProposals,
} from "../../store/queries/policy.ts";
import type { PolicyActRow } from "../../store/schema-policy.ts";
import type { Db } from "../../store/schema.ts";
import { neededPeople } from "../access/people/two-people.ts";
import { newActId } from "../ids.ts";

/** Documents that a proposal was made beside: when one of them is another, what was looked at is gone. */
const Base = z.strictObject({
  kind: z.enum(["Pipeline", "Environment"]),
  name: Name,
  /** Null: none was registered. */
  digest: Digest.nullable(),
});
export type Base = z.infer<typeof Base>;

/** What a row of kind `propose` holds. */
const ProposalContent = z.strictObject({
  proposed: PolicyProposed,
  /** What is registered when it takes effect; only of a change of documents. */
  documents: z.array(z.custom<Document>((value) => typeof value === "object" && value !== null)),
  file: z.string(),
  base: z.array(Base),
  /** Where whoever signs needs the right. Names may be empty: everywhere. */
  lanes: z.array(z.strictObject({ service: z.string(), environment: z.string() })),
});
export type ProposalContent = z.infer<typeof ProposalContent>;

/** Writes down what is proposed, frozen, and tells everybody. */
export async function propose(
  tx: Db,
  actor: Actor,
  change: PolicyChange,
  more: Omit<ProposalContent, "proposed">,
): Promise<PolicyActRow> {
  const id = newActId();
  const { origin } = await readTree(tx);
  const until = new Date(Date.parse(await databaseTime(tx)) + proposalLastsMs).toISOString();
  const proposed = PolicyProposed.parse({ proposal: id, ledger: origin, change, until });
  const content: ProposalContent = { proposed, ...more };
  const row = await insertPolicyAct(
    tx,
    { id, kind: "propose", proposal: id, content: JSON.stringify(content), acted_by: actor.id },
    { change: change.kind },
  );
  await announce(tx, {
    kind: "policy.proposed",
    message: `${actor.id} proposed a change of policy (${id}); two people have to sign it`,
  });
  return row;
}

/** @throws TidelockError `digest-mismatch` for a row that is no proposal */
export function contentOf({ id, content }: PolicyActRow): ProposalContent {
  const parsed = ProposalContent.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new TidelockError("digest-mismatch", "this is no proposal any more", { where: id });
}

/** Every waiting proposal that was made beside a document that is another from here on. In the same transaction. */
export async function voidProposals(
  tx: Db,
  changed: readonly { readonly kind: string; readonly name: string }[],
  by: string,
): Promise<void> {
  for (const row of await listPolicyProposals(tx, { waiting: true, limit: 1_000 })) {
    const { base } = contentOf(row);
    const other = base.find((one) =>
      changed.some(({ kind, name }) => kind === one.kind && name === one.name),
    );
    if (!other) continue;
    const why = `${other.kind.toLowerCase()} ${other.name} was changed since`;
    await insertPolicyAct(tx, {
      id: newActId(),
      kind: "void",
      proposal: row.id,
      content: JSON.stringify({ why }),
      acted_by: by,
    });
    await announce(tx, { kind: "policy.void", message: `the proposal ${row.id} is void: ${why}` });
  }
}

export async function proposalView(db: Db, row: PolicyActRow): Promise<PolicyProposalView> {
  const { proposed } = contentOf(row);
  const acts = await actsOfProposal(db, row.id);
  const signed = acts.filter(({ kind }) => kind === "sign");
  const effect = acts.find(({ kind }) => kind === "effect");
  const gone = acts.find(({ kind }) => kind === "void");
  const over = Date.parse(proposed.until) <= Date.now();
  const state = effect ? "in-effect" : gone ? "void" : over ? "expired" : "waiting";
  const why = gone?.content["why"];
  return {
    id: row.id,
    proposed,
    state,
    why:
      typeof why === "string"
        ? why
        : state === "expired"
          ? `nobody else had signed it by ${proposed.until}`
          : null,
    by: row.acted_by,
    at: row.at.toISOString(),
    effectAt: effect?.at.toISOString() ?? null,
    missing: state === "waiting" ? Math.max(0, neededPeople - signed.length) : 0,
    signatures: await Promise.all(
      signed.map(async ({ content, at }) => {
        const person = String(content["person"]);
        const [name] = (await namesOf(db, person)).names;
        return { person, name: name ?? null, at: at.toISOString() };
      }),
    ),
  };
}
