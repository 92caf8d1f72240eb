import { type RawBuilder, sql } from "kysely";
import { openStatuses } from "../../model/finding.ts";
import type { FindingFilter } from "../../ports/finding-control.ts";

/** As `findings.tools` has it. */
export function toolName(text: string): string {
  return text.trim().toLowerCase();
}

/** Conditions on findings (`f`) that the numbers of the metrics name their rows by. */
export function narrow(filter: FindingFilter): readonly RawBuilder<unknown>[] {
  const all: RawBuilder<unknown>[] = [];
  const { severityIs, foundBy, onlyBy, foundIn, stage, reopened, gone, sla } = filter;
  if (severityIs !== undefined) all.push(sql`f.severity = ${severityIs}`);
  if (foundBy !== undefined) all.push(sql`f.tools[1] = ${toolName(foundBy)}`);
  if (onlyBy !== undefined) all.push(sql`f.tools = array[${toolName(onlyBy)}::text]`);
  if (foundIn === "-") all.push(sql`f.first_environment is null`);
  else if (foundIn !== undefined) all.push(sql`f.first_environment = ${foundIn}`);
  if (stage !== undefined) all.push(sql`${stageOf} = ${stage}`);
  if (reopened !== undefined) all.push(reopened ? sql`f.reopened > 0` : sql`f.reopened = 0`);
  if (gone !== undefined) {
    all.push(sql`(f.reopened > 0 or f.status in ('verified', 'closed')) = ${gone}`);
  }
  if (sla === "decided") all.push(sql`(${slaOf}) is not null`);
  else if (sla !== undefined) all.push(sql`(${slaOf}) = ${sla}`);
  if (filter.foundFrom !== undefined) {
    all.push(sql`f.first_seen >= ${filter.foundFrom}::timestamptz`);
  }
  if (filter.foundUntil !== undefined) {
    all.push(sql`f.first_seen < ${filter.foundUntil}::timestamptz`);
  }
  if (filter.closedFrom !== undefined) {
    all.push(sql`f.closed_at >= ${filter.closedFrom}::timestamptz`);
  }
  if (filter.closedUntil !== undefined) {
    all.push(sql`f.closed_at < ${filter.closedUntil}::timestamptz`);
  }
  return all;
}

/** Tier of the environment in which it was seen first, as the environment is declared now. */
const stageOf = sql`case when f.first_environment is null then 'release' else coalesce((
  select case when d.removed_at is null then d.content -> 'spec' ->> 'tier' end from documents d
  where d.kind = 'Environment' and d.name = f.first_environment order by d.version desc limit 1
), 'unknown') end`;

/** Whether it was closed by its date; null where it has none, or where that is still open. */
export const slaOf = sql`case
  when f.due_at is null or f.status = 'false-positive' then null
  when f.closed_at is not null then case when f.closed_at <= f.due_at then 'kept' else 'missed' end
  when f.status = any (${[...openStatuses]}) and f.paused is null
    and f.due_at < now() then 'missed'
  end`;
