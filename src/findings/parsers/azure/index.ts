import { z } from "zod";
import type { Draft } from "../../observe.ts";
import { type Format, type Reader, valuesOf } from "../format.ts";
import { Subjects } from "../subjects.ts";
import { isAzure, recordOf, undecided } from "./records.ts";

const List = z.object({ value: z.array(z.unknown()) });
const Page = z.object({ nextLink: z.string().nullish(), "@odata.nextLink": z.string().nullish() });

/**
 * Microsoft Defender for Cloud (assessments, their sub-assessments, alerts) and Azure Policy states, as the REST API
 * answers them (`value`) and as `az` prints them (a bare array). What becomes of their states stands at `recordOf`.
 */
export const azure: Format = {
  id: "azure",
  title: "Microsoft Defender for Cloud, Azure Policy (JSON)",
  syntax: "json",
  items: [{ path: ["value", "*"] }],
  recognise(sample) {
    if (sample.syntax !== "json") return false;
    const list = List.safeParse(sample.value);
    return list.success && isAzure(list.data.value[0]);
  },
  open(frame) {
    const { nextLink, "@odata.nextLink": odata } = Page.parse(frame);
    return reader(Boolean(nextLink || odata));
  },
};

export const azureLines: Format = {
  id: "azure-lines",
  title: "Microsoft Defender for Cloud, Azure Policy (array of az, or a record a line)",
  syntax: "lines",
  recognise: (sample) => isAzure(valuesOf(sample)?.[0]),
  open: () => reader(false),
};

const Row = z.object({
  recommendationName: z.string(),
  recommendationDisplayName: z.string().default(""),
  description: z.string().default(""),
  remediationSteps: z.string().default(""),
  severity: z.string().default(""),
  state: z.string(),
  resourceId: z.string(),
  recommendationId: z.string().default(""),
  subscriptionId: z.string().default(""),
  azurePortalRecommendationLink: z.string().default(""),
});
const columns = ["recommendationName", "state", "resourceId", "severity", "subscriptionId"];

/** "Download CSV report" of Defender's recommendations. */
export const azureCsv: Format = {
  id: "azure-csv",
  title: "Microsoft Defender for Cloud (CSV of recommendations)",
  syntax: "csv",
  recognise: (sample) =>
    sample.syntax === "csv" && columns.every((column) => sample.header.includes(column)),
  open: () =>
    reader(false, (value) => {
      const row = Row.parse(value);
      return {
        type: "Microsoft.Security/assessments",
        id: row.recommendationId,
        name: row.recommendationName,
        properties: {
          displayName: row.recommendationDisplayName,
          resourceDetails: { Id: row.resourceId },
          status: { code: row.state },
          metadata: {
            severity: row.severity,
            description: row.description,
            remediationDescription: row.remediationSteps,
          },
          links: { azurePortal: row.azurePortalRecommendationLink },
        },
      };
    }),
};

function reader(moreFollow: boolean, read: (value: unknown) => unknown = (value) => value): Reader {
  const subscriptions = new Subjects();
  let unknown = 0;
  return {
    item(value): readonly Draft[] {
      const record = recordOf(read(value));
      subscriptions.add(record.subscription);
      if (record.draft === undecided) unknown += 1;
      return record.draft === null || record.draft === undecided ? [] : [record.draft];
    },
    end() {
      const missing = [
        ...(moreFollow ? ["further pages of it are not here (nextLink)"] : []),
        ...(unknown > 0 ? [`${unknown} states are unknown`] : []),
      ].join("; ");
      return {
        tool: { name: "azure", version: "unknown" },
        ...subscriptions.summary,
        complete: missing === "",
        ...(missing === "" ? {} : { missing }),
      };
    },
  };
}
