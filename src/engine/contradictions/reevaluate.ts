import { asTidelockError } from "../../model/errors.ts";
import {
  addCheckCauses,
  addExploitedCause,
  addImportCauses,
  addKeyCauses,
  addWaiverCauses,
} from "../../store/queries/causes.ts";
import type { Engine } from "../engine.ts";
import { holdAgainstAdvisories } from "./advisories.ts";
import { indexUnread } from "./components.ts";
import { handleIncidents } from "./incidents.ts";
import { decidePlaces } from "./places.ts";

/**
 * Law 3: when evidence turns out wrong, whatever leaned on it is decided again. Everything is read out of rows, so that a
 * server which dies anywhere loses nothing but time, and any number of them share the work:
 *
 *   advisories, report, VEX, list of exploited, key, waiver, check --noticed--> cause + places (one transaction)
 *   place --claimed, decided once more over what is known now, recorded (one transaction, some hundreds)--> decided
 *   deployment contradicted --incident--> alerted, line stopped, or traffic returned
 *
 * What is found is a function of what is known, never of the order or the number of the causes.
 */
export async function reevaluate(engine: Engine): Promise<void> {
  await notice(engine);
  try {
    await decidePlaces(engine);
  } finally {
    // What is decided is handled, whatever keeps the rest from being decided.
    await handleIncidents(engine);
  }
}

/** What came since, with every place that it touches. */
async function notice(engine: Engine): Promise<void> {
  const { db } = engine;
  const looks: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["SBOMs", () => indexUnread(engine)],
    ["advisories", () => holdAgainstAdvisories(engine)],
    ["reports", () => addImportCauses(db)],
    ["the list of what is exploited", () => addExploitedCause(db)],
    ["keys", () => addKeyCauses(db)],
    ["accepted risks", () => addWaiverCauses(db)],
    ["checks", () => addCheckCauses(db)],
  ];
  for (const [what, look] of looks) {
    // One that cannot be read must not hide the others.
    await look().catch((error: unknown) => {
      engine.notice(`what came of ${what} is not known yet: ${asTidelockError(error).message}`);
    });
  }
}
