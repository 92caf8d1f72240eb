import type { ColumnType, Generated } from "kysely";
import type { Severity } from "../model/observation.ts";
import type { Digest } from "../model/primitives.ts";

/** What decisions leaned on, what came later, and what was decided again: migration 0038. */

type Big = ColumnType<string, never, never>;

interface ComponentsTable {
  id: Big;
  ecosystem: string;
  name: string;
  version: string;
  held_against: string | null;
}

interface ReleaseComponentsTable {
  component: ColumnType<string, string, never>;
  release: Digest;
}

interface ReleaseBomsTable {
  release: Digest;
  digest: Digest;
  components: number;
  problem: string | null;
}

interface ComponentFlawsTable {
  component: ColumnType<string, string, never>;
  advisory: string;
  aliases: string[];
  severity: Severity;
  fixed_in: string | null;
  since: Date;
  edition: string;
  withdrawn: Generated<boolean>;
}

interface DecisionLeansTable {
  kind: LeanKind;
  what: string;
  promotion: string;
  step: number;
}

/** What a decision can lean on, beside its release and what that is made of. */
export type LeanKind = "run" | "waiver" | "promotion";

interface CausesTable {
  id: string;
  kind: string;
  message: string;
  at: Generated<Date>;
}

interface CausePlacesTable {
  cause: string;
  service: string;
  environment: string;
  place: "live" | "old" | "open";
  decided_at: Date | null;
  result: string | null;
}

interface IncidentsTable {
  deployment: ColumnType<string, string, never>;
  cause: string;
  live: boolean;
  at: Generated<Date>;
  handled_at: Date | null;
  handled: string | null;
}

interface CauseMarksTable {
  kind: string;
  mark: string;
}

export interface ContradictionsSchema {
  components: ComponentsTable;
  release_components: ReleaseComponentsTable;
  release_boms: ReleaseBomsTable;
  component_flaws: ComponentFlawsTable;
  decision_leans: DecisionLeansTable;
  causes: CausesTable;
  cause_places: CausePlacesTable;
  incidents: IncidentsTable;
  cause_marks: CauseMarksTable;
}
