import type { ImportView } from "../../api/views/finding.ts";
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
  const { tool, opened, reopened, unseen } = view;
  return {
    item: view,
    name: view.id,
    lines: [
      ["import", view.id],
      ["recognised as", `${view.format}, of ${tool.name}${versionText(tool.version)}`],
      ["report", `${bytesText(view.report.bytes)}  ${view.report.digest}`],
      ["about", about(view)],
      ["scan of", view.subject === "" ? null : view.subject],
      ["observations", observationsText(view)],
      [
        "findings",
        `${opened} new${reopened === 0 ? "" : `, ${reopened} of the known ones reopened`}`,
      ],
      ["not seen any more", String(unseen)],
      [
        "claims",
        view.claims === 0
          ? null
          : `${view.claims}, beside the observations (nothing is closed by a claim alone)`,
      ],
      ["complete", view.complete ? "yes" : `no: ${view.missing}`],
      ["trust", trusts[view.trust] + (view.vouchedBy === null ? "" : ` (${view.vouchedBy})`)],
    ],
  };
}

/** Nothing where the report does not say: many formats have no place for it. */
function versionText(version: string): string {
  return version === "" || version === "unknown" ? "" : ` ${version}`;
}

/** Every observation is of a new finding or of a known one; statements are none, and counted beside. */
function observationsText({ observations, opened, matched }: ImportView): string {
  if (observations === 0) return "0";
  const fresh = observations - matched;
  const parts = [
    ...(fresh === 0
      ? []
      : [`${fresh} of ${opened === 1 ? "1 new finding" : `${opened} new findings`}`]),
    ...(matched === 0 ? [] : [`${matched} of known ones`]),
  ];
  return `${observations} = ${parts.join(" + ")}`;
}

function about({ service, environment, release }: ImportView): string {
  const of = release === null ? service : `${service}@${releaseText(release)}`;
  return environment === null ? of : `${of} in ${environment}`;
}
