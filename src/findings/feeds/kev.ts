import { z } from "zod";
import { cvePattern, type FeedHead, type KevRecord } from "../../model/feed.ts";

const Day = z.iso.date();

const Catalog = z.object({
  catalogVersion: z.string().max(64),
  dateReleased: z.iso.datetime({ offset: true }),
  count: z.int().nonnegative(),
  vulnerabilities: z
    .array(
      z.object({
        cveID: z.string().regex(cvePattern),
        vulnerabilityName: z.string().default(""),
        dateAdded: Day,
        dueDate: Day.nullish().or(z.literal("").transform(() => null)),
        requiredAction: z.string().default(""),
        knownRansomwareCampaignUse: z.string().default("Unknown"),
      }),
    )
    .max(1_000_000),
});

/**
 * The catalogue of CVEs that are known to be exploited, in CISA's JSON. It says how many there are, so one that
 * was cut is refused. Pure; throws an Error that names the place.
 *
 * Source: https://www.cisa.gov/known-exploited-vulnerabilities-catalog
 */
export function readKev(text: string): {
  readonly head: FeedHead;
  readonly records: readonly KevRecord[];
} {
  const read = Catalog.safeParse(readJson(text.replace(/^\uFEFF/, "")));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new Error(
      `KEV, ${issue?.path.join(".") || "document"}: ${issue?.message ?? "it does not fit"}`,
    );
  }
  const { catalogVersion, dateReleased, count, vulnerabilities } = read.data;
  if (vulnerabilities.length !== count) {
    throw new Error(`KEV: it says that it holds ${count} and holds ${vulnerabilities.length}`);
  }
  const twice = vulnerabilities.length - new Set(vulnerabilities.map(({ cveID }) => cveID)).size;
  if (twice > 0) throw new Error(`KEV: ${twice} of its CVEs stand in it twice`);
  return {
    head: { asOf: new Date(dateReleased).toISOString(), version: catalogVersion },
    records: vulnerabilities.map((one) => ({
      cve: one.cveID,
      added: one.dateAdded,
      due: one.dueDate ?? null,
      ransomware: one.knownRansomwareCampaignUse.toLowerCase() === "known",
      title: one.vulnerabilityName.slice(0, 500),
      action: one.requiredAction.slice(0, 1_000),
    })),
  };
}

/** What is no JSON is not quoted: it may be any file that was taken for this one. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("KEV: it is not whole JSON");
  }
}
