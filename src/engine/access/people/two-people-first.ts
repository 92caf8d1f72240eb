import { sql } from "kysely";
import { enrolmentKinds } from "../../../identity/enrolment/acts.ts";
import type { PolicyChange } from "../../../model/policy-proposal.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import type { Db } from "../../../store/schema.ts";
import { governanceMode } from "../../policy/governance.ts";
import { propose } from "../../policy/proposal.ts";

type Enrolment = Omit<Extract<PolicyChange, { kind: "enrolment" }>, "kind">;

/** What was agreed to is done within this time, or agreed to anew. */
const lastsFor = sql`interval '1 day'`;

export type Consent =
  /** Do it, and name `proposal` in the entry's payload where it is not null: that uses it up. */
  | { readonly kind: "go"; readonly proposal: string | null }
  /** Two people have to sign this proposal first; then ask again. */
  | { readonly kind: "waits"; readonly proposal: string };

/**
 * What lets somebody act as a person wants two people in `team` before it is done: invitations, resets, passkeys and
 * identities of providers. Called in the transaction that would do it, under `lockPolicy`. The act's own entry stands in
 * the stream `system`, its kind among `enrolmentKinds`, with `person` (for whom) and `proposal` in its payload.
 */
export async function twoPeopleFirst(tx: Db, actor: Actor, wish: Enrolment): Promise<Consent> {
  if ((await governanceMode(tx)) !== "team") return { kind: "go", proposal: null };
  const change = { kind: "enrolment", ...wish } as const;
  const wanted = JSON.stringify(change);
  const { rows } = await sql<{ id: string; agreed: boolean }>`
    select p.id, e.id is not null as agreed from policy_acts p
    left join policy_acts e on e.proposal = p.id and e.kind = 'effect'
    where p.kind = 'propose' and p.content -> 'proposed' -> 'change' = ${wanted}::jsonb
      and not exists (select from policy_acts v where v.proposal = p.id and v.kind = 'void')
      and coalesce(e.at + ${lastsFor}, (p.content -> 'proposed' ->> 'until')::timestamptz) > clock_timestamp()
      -- Whoever signs it may be the person themselves: their signature uses nothing up.
      and not exists (select from ledger_entries l where l.stream = 'system'
        and l.kind = any(${[...enrolmentKinds.keys()]}) and l.payload ->> 'person' = ${wish.person} and l.payload ->> 'proposal' = p.id)
    order by e.id is null, p.at desc limit 1
  `.execute(tx);
  const [found] = rows;
  if (found) return { kind: found.agreed ? "go" : "waits", proposal: found.id };
  const row = await propose(tx, actor, change, {
    documents: [],
    file: "",
    base: [],
    lanes: [{ service: "", environment: "" }],
  });
  return { kind: "waits", proposal: row.id };
}
