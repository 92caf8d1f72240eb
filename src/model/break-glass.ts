import { z } from "zod";
import { BasisFinding } from "./approval.ts";
import { FindingId } from "./finding.ts";
import { words } from "./finding-act.ts";
import { Digest, Duration, Name } from "./primitives.ts";
import { Verdict } from "./verdict.ts";

/**
 * Breaking the glass: two people let exactly one plan through although its gate says no, name what they set aside, and owe
 * a review by somebody else. Nothing in it stands for more than one plan, or for long.
 */

export const BreakGlassId = z
  .string()
  .regex(/^BG-[1-9]\d{0,15}$/, "expected BG- and a number, like BG-3");
export type BreakGlassId = z.infer<typeof BreakGlassId>;

/** The number in the table. */
export function fromBreakGlassId(id: BreakGlassId): string {
  return id.slice("BG-".length);
}

/** The right to ask for it and to be the second person. */
export const breakRight = "break-glass.sign";
/** The right to review afterwards. */
export const reviewRight = "break-glass.review";

/** Nobody may break the glass for longer, whatever an environment says. Milliseconds. */
export const longestGlassMs = 24 * 3_600_000;

/** After this long one person alone may review, in `solo`: not in the heat of it. Milliseconds. */
export const soloReviewAfterMs = 12 * 3_600_000;

/** What may be broken in an environment, by its owners. Shortened or narrowed, it counts for what is open as well. */
export const BreakGlassPolicy = z.strictObject({
  /** `window`: only windows and freezes, not evidence, approvals or reviews that are owed. */
  allowed: z.enum(["all", "window", "none"]).default("all"),
  /** From when it is asked for. */
  longest: Duration.refine(
    (ms) => ms >= 60_000 && ms <= longestGlassMs,
    "between a minute and 24h",
  ).default(4 * 3_600_000),
  /** A review is due so long after it was used. */
  reviewWithin: Duration.refine((ms) => ms >= 60_000, "at least a minute").default(72 * 3_600_000),
});
export type BreakGlassPolicy = z.infer<typeof BreakGlassPolicy>;

/** Where an environment says nothing. */
export const defaultBreakGlassPolicy: BreakGlassPolicy = BreakGlassPolicy.parse({});

/** More failing results than these nobody has read one by one. */
export const mostFailing = 200;

/** One requirement of the gate that is not met, as it is when people are asked. */
export const Aside = z.strictObject({
  /** `check sast`, `rule floor no-critical`, `predecessor staging`, `window`, `approvals`. */
  of: z.string().min(1).max(200),
  /** As the gate said it. */
  says: z.string().max(600),
  /** Of a check: what was demanded (`demandDigest`), what it said, and what failed in it. `any`: whatever it says. */
  check: z
    .strictObject({
      demand: Digest,
      verdict: z.union([Verdict, z.literal("any")]),
      failing: z.array(z.string().max(1_024)).max(mostFailing).nullable(),
    })
    .nullable(),
});
export type Aside = z.infer<typeof Aside>;

/** What is signed leans on this; its digest is signed. */
export const GlassBasis = z.strictObject({
  /** By `of`, each once. */
  asides: z.array(Aside).min(1).max(100),
  /** What is open of the release, by id; null: it cannot be known, or only the time is set aside. */
  findings: z.array(BasisFinding).nullable(),
});
export type GlassBasis = z.infer<typeof GlassBasis>;

/** All that a request is about; whatever differs is about something else. */
export const GlassAsked = z.strictObject({
  glass: BreakGlassId,
  /** Single use: made when it was asked for. */
  request: z.string().regex(/^[0-9a-f]{32}$/),
  /** Of the log in which it counts. */
  ledger: z.string().min(1).max(512),
  service: Name,
  environment: Name,
  version: z.string().max(256),
  release: Digest,
  configuration: Digest,
  plan: Digest,
  /** As it is registered when it is asked for. */
  policy: Digest,
  /** Of the canonical JSON of the `GlassBasis`. */
  decision: Digest,
  reason: words(4_000),
  /** RFC 3339: nothing begins under it later. */
  expires: z.iso.datetime(),
});
export type GlassAsked = z.infer<typeof GlassAsked>;

/** What a person says to it. */
export const GlassAnswer = z.discriminatedUnion("purpose", [
  z.strictObject({
    purpose: z.literal("break-glass"),
    /** By pseudonym. */
    person: z.string().regex(/^person:[0-9a-f]{32}$/),
  }),
  z.strictObject({
    purpose: z.literal("review"),
    person: z.string().regex(/^person:[0-9a-f]{32}$/),
    outcome: z.enum(["justified", "not-justified"]),
    /** What was found. */
    words: words(4_000),
    /** Findings and follow-ups that came of it. */
    findings: z.array(FindingId).max(50),
    /** The promotion that went through it. */
    promotion: z.string().min(1).max(64),
  }),
]);
export type GlassAnswer = z.infer<typeof GlassAnswer>;
export type GlassReview = Extract<GlassAnswer, { purpose: "review" }>;

/** What somebody asks for; the server adds what is there now. */
export const GlassWish = z.strictObject({
  service: Name,
  environment: Name,
  /** Version or digest of what nobody has begun to promote, or was denied. */
  release: z.string().min(1).max(128),
  reason: words(4_000),
  /** From now on, in milliseconds. */
  expiresMs: z.int().min(60_000).max(longestGlassMs),
  /** Only windows and freezes; everything else stays as it is. */
  scope: z.enum(["all", "window"]).default("all"),
  /** Checks that may say whatever they will. */
  checks: z.array(Name).max(50).default([]),
});
export type GlassWish = z.infer<typeof GlassWish>;

/** The same of a promotion that waits, or was denied. */
export const GlassWishFor = GlassWish.omit({ service: true, environment: true, release: true });
export type GlassWishFor = z.infer<typeof GlassWishFor>;

/** Checks that show what really runs: nobody lets users meet something unknown. Adapter ids. */
export const neverBroken: ReadonlySet<string> = new Set(["manifest", "isolation"]);
