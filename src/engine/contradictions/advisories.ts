import { layout } from "../../model/layout.ts";
import { severityOfScore } from "../../findings/observe.ts";
import type { AdvisorySource, PackageFlaw } from "../../ports/advisory-source.ts";
import {
  holdComponents,
  type NewFlaw,
  type UnheldComponent,
  unheldComponents,
} from "../../store/queries/components.ts";
import { addAdvisoryCause } from "../../store/queries/causes.ts";
import type { Engine } from "../engine.ts";

/** Packages that are held against an edition in one transaction. */
const atOnce = 20_000;
/** A record without a score is taken for a high one, as the check takes it. */
const unknownScore = 7;

/**
 * Holds what releases are made of against the advisories that count now: all of it after an import, and whatever is new
 * after that. What the edition says is written with the cause that it is, in one transaction: killed before, all is
 * looked at again; done twice, it is the same.
 */
export async function holdAgainstAdvisories(engine: Engine): Promise<void> {
  const source = [...engine.checks.values()].find(({ advisories }) => advisories)?.advisories;
  const info = engine.agentInfo();
  if (source === undefined || info === null) return;
  const { checkData } = layout(info.dataDir);
  const edition = await source.edition(checkData);
  if (edition === null) return;
  for (;;) {
    const unheld = await unheldComponents(engine.db, edition.digest, atOnce);
    if (unheld.length === 0) return;
    const flaws = await flawsOf(source, checkData, edition.digest, unheld);
    await engine.db.transaction().execute(async (tx) => {
      const ids = unheld.map(({ id }) => id);
      await holdComponents(tx, edition, ids, flaws);
      await addAdvisoryCause(tx, edition.digest, ids);
    });
    await engine.hooks?.reach("advisories:held");
    if (unheld.length < atOnce) return;
  }
}

async function flawsOf(
  source: AdvisorySource,
  checkData: string,
  edition: string,
  unheld: readonly UnheldComponent[],
): Promise<readonly NewFlaw[]> {
  const packages = unheld.map(({ ecosystem, name, version }) => ({ ecosystem, name, version }));
  const ids = new Map(packages.map((one, at) => [one, unheld[at]?.id ?? ""]));
  const found = await source.flawsOf(checkData, edition, packages);
  return found.map((flaw) =>
    newFlaw(ids.get(flaw.package as (typeof packages)[number]) ?? "", flaw),
  );
}

function newFlaw(component: string, { advisory, aliases, score, fixedIn }: PackageFlaw): NewFlaw {
  const severity = severityOfScore(score ?? unknownScore) ?? "high";
  return {
    component,
    advisory,
    aliases: aliases.filter((one) => !one.includes("\n")),
    severity,
    fixedIn,
  };
}
