import type { RawReportView } from "../api/routes-checks.ts";

/** What people do with single checks of a promotion. */
export interface CheckControl {
  /** The raw report of the newest attempt that has one. Throws `not-found`. */
  raw(promotion: string, check: string): Promise<RawReportView>;
}
