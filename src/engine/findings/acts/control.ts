import type { ProposalView } from "../../../api/views/finding.ts";
import type { FindingControl } from "../../../ports/finding-control.ts";
import { listProposals } from "../../../store/queries/finding-acts.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { actOn } from "./act.ts";
import { consentTo } from "./consent.ts";
import { proposalView } from "./proposal.ts";

/** What people say of findings. */
export function findingActs(engine: Engine): Pick<FindingControl, "act" | "consent" | "proposals"> {
  return {
    act: (actor, id, act, changes) => actOn(engine, actor, id, act, changes),
    consent: (actor, proposal, envelope) => consentTo(engine, actor, proposal, envelope),
    async proposals({ service, state, ...page }) {
      const waiting = state === "waiting";
      const rows = await listProposals(engine.db, { service, waiting, ...page });
      return Promise.all(rows.map((row) => proposalView(engine.db, row)));
    },
  };
}

/** For whoever shows a finding. */
export async function proposalsOf(db: Db, finding: string): Promise<ProposalView[]> {
  const rows = await listProposals(db, { finding, waiting: false, limit: 20 });
  return Promise.all(rows.map((row) => proposalView(db, row)));
}
