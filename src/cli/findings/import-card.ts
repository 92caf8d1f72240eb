import type { ImportView } from "../../api/finding-views.ts";
import type { Card } from "../output/print.ts";
import { bytesText } from "../output/words.ts";
import { releaseText } from "./finding-text.ts";

const trusts: Readonly<Record<ImportView["trust"], string>> = {
  own: "own: Tidelock ran the tool itself",
  signed: "signed: a trusted producer vouches for it",
  bound: "bound: it names a release, nobody vouches for it; it may open findings and closes none",
  unbound: "unbound: it names no release; it may open findings and closes none",
};

/** What one report came to. */
export function importCard(view: ImportView): Card<ImportView> {
  const { tool, opened, matched, reopened, unseen } = view;
  return {
    item: view,
    name: view.id,
    lines: [
      ["import", view.id],
      ["recognised as", `${view.format}, of ${tool.name} ${tool.version}`.trimEnd()],
      ["report", `${bytesText(view.report.bytes)}  ${view.report.digest}`],
      ["about", about(view)],
      ["scan of", view.subject === "" ? null : view.subject],
      ["observations", String(view.observations)],
      ["findings", `${opened} new, ${reopened} reopened, ${matched} observations of known ones`],
      ["not seen any more", String(unseen)],
      ["claims", view.claims === 0 ? null : `${view.claims} (nothing is closed by a claim alone)`],
      ["complete", view.complete ? "yes" : `no: ${view.missing}`],
      ["trust", trusts[view.trust] + (view.vouchedBy === null ? "" : ` (${view.vouchedBy})`)],
    ],
  };
}

function about({ service, environment, release }: ImportView): string {
  const of = release === null ? service : `${service}@${releaseText(release)}`;
  return environment === null ? of : `${of} in ${environment}`;
}
