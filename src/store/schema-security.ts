import type { ColumnType, Generated, Selectable } from "kysely";
import type { ServiceSecurity, TrackerSettings } from "../model/service-security.ts";

/** The tables of what owners say of a service's security, and of issues in trackers. */

interface ServiceSecurityTable {
  service: string;
  content: ColumnType<ServiceSecurity, string, string>;
  set_at: ColumnType<Date, Date | undefined, Date>;
  set_by: string;
  changes: Generated<number>;
}

interface TrackedIssuesTable {
  /** A `bigint`. */
  finding: ColumnType<string, string | number, never>;
  service: string;
  tracker: TrackerSettings["kind"];
  marker: string;
  remote: string | null;
  url: string | null;
  state: Generated<"wanted" | "open" | "done" | "unknown">;
  problem: string | null;
  attempts: Generated<number>;
  next_at: ColumnType<Date, Date, Date>;
  created_at: ColumnType<Date, never, never>;
  looked_at: ColumnType<Date | null, Date | undefined, Date>;
}

export interface SecuritySchema {
  service_security: ServiceSecurityTable;
  tracked_issues: TrackedIssuesTable;
}

export type ServiceSecurityRow = Selectable<ServiceSecurityTable>;
export type TrackedIssueRow = Selectable<TrackedIssuesTable>;
