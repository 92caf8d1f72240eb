import type { PolicyReplayView } from "../../api/routes/policy.ts";
import { parseDocuments } from "../../pipeline-file/parse.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { PolicyControl } from "../../ports/policy-control.ts";
import type { GovernanceMode } from "../../model/policy-proposal.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { keptDecisions } from "../../store/queries/decisions.ts";
import { listPolicyProposals } from "../../store/queries/policy.ts";
import { existingPromotion } from "../promotions/abort.ts";
import { refused } from "../access/people/two-people.ts";
import type { Engine } from "../engine.ts";
import { requireWritable } from "../ledger/writable.ts";
import { changesOf } from "./changed.ts";
import { enterTeam, governanceMode, governanceView, modeByRecord } from "./governance.ts";
import { lockPolicy } from "./lock.ts";
import { proposalView, propose } from "./proposal.ts";
import { replayPast } from "./replay.ts";
import { showPolicy } from "./show.ts";
import { showProposal, signProposal } from "./sign.ts";

export function makePolicyControl(engine: Engine): PolicyControl {
  const { db } = engine;
  return {
    decisions: async (id) => keptDecisions(db, (await existingPromotion(db, id)).id),
    show: (environment) => showPolicy(db, environment),
    replay: (file, text, filter) => replayFile(engine, file, text, filter),
    async proposals({ state, ...page }) {
      const rows = await listPolicyProposals(db, { waiting: state === "waiting", ...page });
      return Promise.all(rows.map((row) => proposalView(db, row)));
    },
    proposal: (id) => showProposal(db, id),
    sign: (actor, proposal, envelope) => signProposal(engine, actor, proposal, envelope),
    governance: () => governanceView(db),
    setGovernance: (actor, mode) => setGovernance(engine, actor, mode),
  };
}

const mostListed = 500;

async function replayFile(
  engine: Engine,
  file: string,
  text: string,
  { sinceMs, service, environment }: Parameters<PolicyControl["replay"]>[2],
): Promise<PolicyReplayView> {
  const fresh = parseDocuments(file, text, { checks: engine.checks });
  const since = new Date(Date.parse(await databaseTime(engine.db)) - sinceMs);
  const changes = await changesOf(engine.db, [...fresh.environments, ...fresh.pipelines]);
  const differing: PolicyReplayView["differing"] = [];
  const unknown: PolicyReplayView["unknown"] = [];
  const filter = { since, service, environment };
  const counts = await replayPast(engine, engine.db, fresh, filter, (past, found, now) => {
    const decision = `${past.promotion}/${past.step}`;
    if (found.kind === "unknown") {
      if (unknown.length < mostListed) unknown.push({ decision, problem: found.problem });
    } else if (found.kind === "outcome" && differing.length < mostListed) {
      const { was, wouldBe, notAsked, onlyNotAsked } = found;
      differing.push({
        decision,
        service: past.service,
        environment: past.environment,
        release: past.release,
        at: past.at.toISOString(),
        was,
        wouldBe,
        already: now?.kind === "outcome",
        added: [...found.added],
        gone: [...found.gone],
        notAsked: [...notAsked],
        onlyNotAsked,
      });
    }
  });
  return {
    since: since.toISOString(),
    changes: changes.flatMap(({ words }) => [...words]),
    counts: { ...counts, why: { ...counts.why } },
    differing,
    more: counts.differ - differing.length,
    unknown,
    moreUnknown: counts.unknown - unknown.length,
  };
}

/** Into team at once; back to one person's word only on two people's. */
async function setGovernance(
  engine: Engine,
  actor: Actor,
  mode: GovernanceMode,
): ReturnType<PolicyControl["setGovernance"]> {
  if (mode === "team") return { governance: await enterTeam(engine, actor), proposal: null };
  await requireWritable(engine.db, "how policy is changed is an entry of the ledger");
  await modeByRecord(engine);
  const row = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    if ((await governanceMode(tx)) === "solo") return null;
    const everywhere = [{ service: "", environment: "" }];
    const change = { kind: "governance", to: "solo" } as const;
    return propose(tx, actor, change, { documents: [], file: "", base: [], lanes: everywhere });
  });
  if (row === null) {
    throw refused("conflict", "policy is changed by one person already (solo)", "governance");
  }
  engine.signals.emit("change");
  return {
    governance: await governanceView(engine.db),
    proposal: await proposalView(engine.db, row),
  };
}
