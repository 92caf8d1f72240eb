import { sql } from "kysely";
import type { FindingMetrics, FindingRows } from "../../api/views/finding-metrics.ts";
import { acceptedSince, quantile, spanOf } from "../../findings/metrics.ts";
import { openStatuses } from "../../model/finding.ts";
import type { Measured } from "../../store/queries/finding-metrics.ts";
import { acceptances } from "../../store/queries/waivers.ts";
import type { Db } from "../../store/schema.ts";
import { acceptedRisks } from "../waivers/accepted.ts";

/** How long the risk of what is open has been accepted, and of which one the longest. */
export async function acceptedAge(
  db: Db,
  asked: Measured,
  base: FindingRows,
): Promise<FindingMetrics["trend"]["acceptedRisks"]> {
  const risks = await acceptedRisks(db, null);
  const open = await openOf(db, asked, [...risks.keys()]);
  const spans = Map.groupBy(await acceptances(db, open), ({ finding, environment }) =>
    [finding, environment].join(" "),
  );
  const at = asked.at.getTime();
  const oldest = open.flatMap((finding) => {
    const each = (risks.get(finding) ?? []).map(({ waiver, environment, until, since: signed }) => {
      const known = (spans.get([finding, environment].join(" ")) ?? []).map((one) => ({
        since: one.since.getTime(),
        ended: one.ended?.getTime() ?? null,
      }));
      const since = acceptedSince(known) ?? Date.parse(signed);
      return { finding: `F-${finding}`, waiver, environment, until, since };
    });
    return each.toSorted((a, b) => a.since - b.since).slice(0, 1);
  });
  const ages = oldest.map(({ since }) => ({ value: Math.max(0, at - since), n: 1 }));
  const [first] = oldest.toSorted((a, b) => a.since - b.since);
  return {
    n: oldest.length,
    rows: { ...base, status: "any", state: "risk-accepted" },
    ...spanOf(oldest.length, quantile(ages, 0.5), quantile(ages, 0.9)),
    oldest:
      first === undefined
        ? null
        : {
            ...first,
            since: new Date(first.since).toISOString(),
            ageMs: Math.max(0, at - first.since),
          },
  };
}

async function openOf(
  db: Db,
  { service, kind }: Measured,
  ids: readonly string[],
): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ id: string }>`
    select id from findings f
    where id = any (${[...ids]}::bigint[]) and status = any (${[...openStatuses]})
      and (${service ?? null}::text is null or service = ${service ?? null}::text)
      and (${kind ?? null}::text is null or kind::text = ${kind ?? null}::text)
    order by id
  `.execute(db);
  return rows.map(({ id }) => id);
}
