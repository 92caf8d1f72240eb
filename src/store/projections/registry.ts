import type { Schema } from "../schema.ts";
import {
  configurationsProjection,
  documentsProjection,
  releasesProjection,
  secretsProjection,
} from "./catalogue.ts";
import { erasuresProjection, holdsProjection } from "./erasure.ts";
import { attestationsProjection } from "./attestations.ts";
import { deploymentsProjection, lanesProjection } from "./lanes.ts";
import {
  checkRunsProjection,
  decisionsProjection,
  promotionsProjection,
  stepsProjection,
} from "./promotions.ts";
import { project, type TableProjection } from "./projection.ts";
import { agentsProjection, keysProjection, storeProjection } from "./trust.ts";

/** Every table that can open a gate or grant a right, each rebuilt from the ledger. */
export const projections: readonly TableProjection[] = [
  project(documentsProjection),
  project(releasesProjection),
  project(attestationsProjection),
  project(configurationsProjection),
  project(secretsProjection),
  project(lanesProjection),
  project(deploymentsProjection),
  project(promotionsProjection),
  project(stepsProjection),
  project(checkRunsProjection),
  project(decisionsProjection),
  project(agentsProjection),
  project(keysProjection),
  project(storeProjection),
  project(holdsProjection),
  project(erasuresProjection),
];

/** The other tables, each with the reason why nothing can be gained by changing it. A test knows them all. */
export const notProjected: Readonly<Partial<Record<keyof Schema, string>>> = {
  ledger_entries: "the log itself: every row is held against its leaf",
  ledger_queue:
    "entries on their way into the log; one that is taken out is missed by the verification",
  ledger_leaves: "the tree: recomputed from the entries",
  ledger_nodes: "the tree: recomputed from the entries",
  ledger_tree: "the tree: recomputed from the entries",
  ledger_checkpoints: "signed; each root is recomputed",
  ledger_people: "erasable by law, so in no log; who is meant is never a ground for a decision",
  ledger_witnesses: "an auditor's quorum comes from the auditor's own trust root",
  ledger_cosignatures: "signed by the witnesses",
  ledger_anchors: "says where to write checkpoints; nothing is believed because of it",
  ledger_anchored: "says where checkpoints were written; each is verified where it lies",
  raw_reports: "each stands under its own digest, which reports and attestations name",
  plans: "each stands under its own digest, which promotions and entries name",
  decision_inputs: "each stands under its own digest, which the decision's entry names",
  access_events: "who called what; nothing is decided by it, and its runs are in the log by digest",
  events: "what people watch; nothing is decided by it",
  release_commits: "an index over the content of releases, for search",
  agent_journal: "signed and chained by the agents; their keys are projected",
};
