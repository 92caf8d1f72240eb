import { z } from "zod";
import { FindingKind, Severity } from "../../model/observation.ts";
import { FindingId } from "../../model/finding.ts";
import { Name } from "../../model/primitives.ts";
import { WaiverId } from "../../model/waiver.ts";
import { FindingStage, ReleaseName } from "./finding.ts";

/**
 * What is known about findings in numbers. Each number names the rows that it counts: `rows` is a query of
 * `GET /api/v1/findings` whose `total` is the number, at the same moment.
 */

const time = z.iso.datetime();

/** A query of the list, its keys and values. */
export const FindingRows = z.record(z.string(), z.string());
export type FindingRows = z.infer<typeof FindingRows>;

export const CountView = z.object({ n: z.int().nonnegative(), rows: FindingRows });
export type CountView = z.infer<typeof CountView>;

/** A part of a whole: `n` of `of`. `share` is null where the whole is too small to say anything. */
export const RateView = CountView.extend({
  of: z.int().nonnegative(),
  ofRows: FindingRows,
  share: z.number().min(0).max(1).nullable(),
});
export type RateView = z.infer<typeof RateView>;

/** How long, over `n` of them; null where that is too few to say. Milliseconds. */
export const SpanView = CountView.extend({
  medianMs: z.number().nonnegative().nullable(),
  p90Ms: z.number().nonnegative().nullable(),
});
export type SpanView = z.infer<typeof SpanView>;

const named = CountView.extend({ name: z.string() });

export const FindingMetrics = z.object({
  at: time,
  /** Where the window begins that rates, times and weeks are of; what is open counts whenever it was found. */
  from: time,
  /** Under this number of cases nothing is said. */
  enough: z.int().positive(),
  open: z.object({
    total: CountView,
    overdue: CountView,
    bySeverity: z.array(named),
    byKind: z.array(named),
    byService: z.array(named),
    /** Where they were seen first; `-`: by a scan of no environment. */
    byEnvironment: z.array(named),
  }),
  /** Of what was seen first within the window, false positives included. */
  found: z.object({
    total: CountView,
    tools: z.array(
      z.object({
        tool: z.string(),
        found: CountView,
        /** Seen by it before any other. */
        first: CountView,
        /** Seen by it and by no other. */
        only: RateView,
        /** False positives, of what somebody has judged. */
        noise: RateView,
      }),
    ),
    /** Tier of the environment in which it was seen first. */
    stages: z.array(named.extend({ name: FindingStage })),
    /** Seen first in production, of all that is no false positive. */
    escaped: RateView,
  }),
  time: z.object({
    /** From the first sight to the day when production ran without it, of what was closed within the window. */
    toProduction: z.array(SpanView.extend({ severity: Severity })),
    /** Of what is open now: since the first sight, in whole hours, and in whole days after three of them. */
    openAge: z.array(SpanView.extend({ severity: Severity })),
    ages: z.array(named),
  }),
  trend: z.object({
    /** Oldest first; the last one has only begun. What was reopened counts as not closed. */
    weeks: z.array(
      z.object({
        from: time,
        until: time,
        opened: CountView,
        closed: CountView,
        net: z.int(),
      }),
    ),
    /** Came back, of all that was verified or closed, or came back. */
    reopened: RateView,
    /** Closed by its date, of what was closed with a date or is past it. */
    slaKept: RateView,
    /** Since somebody judged it to be one. */
    falsePositives: SpanView,
    /**
     * Of what is open and accepted now: since two people accepted it in some environment. A waiver that follows on
     * another one within thirty days goes on with it: renewing makes nothing young.
     */
    acceptedRisks: SpanView.extend({
      oldest: z
        .object({
          finding: FindingId,
          waiver: WaiverId,
          environment: Name,
          since: time,
          ageMs: z.number().nonnegative(),
          until: time,
        })
        .nullable(),
    }),
  }),
  /** Of every live release: which kinds of scans of it are complete and trusted. */
  coverage: z.object({
    kinds: z.array(
      z.object({
        kind: FindingKind,
        n: z.int().nonnegative(),
        of: z.int().nonnegative(),
        share: z.number().min(0).max(1).nullable(),
      }),
    ),
    live: z.array(
      z.object({
        service: Name,
        environment: Name,
        release: ReleaseName,
        /** The newest complete trusted import of each tool. */
        scans: z.array(
          z.object({
            tool: z.string(),
            kinds: z.array(FindingKind),
            import: z.string(),
            at: time,
          }),
        ),
      }),
    ),
  }),
  /** Environments of the production tier: where what is live is exposed. */
  production: z.array(Name),
});
export type FindingMetrics = z.infer<typeof FindingMetrics>;

/** What the numbers are about. */
export const metricsFilter = {
  service: Name.optional(),
  kind: FindingKind.optional(),
  days: z.coerce.number().int().min(1).max(3_650).default(90).describe("length of the window"),
};
