import { z } from "zod";

/** Names of services, environments, processes, checks: a DNS label, so that they fit in hosts and paths. */
export const Name = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "use lower-case letters, digits and dashes, starting with a letter",
  )
  // Names are keys of records everywhere; this one every JavaScript object answers to already.
  .regex(/^(?!constructor$)/, "`constructor` cannot be a name: choose another one");
export type Name = z.infer<typeof Name>;

/** A version label, e.g. `1.4.2` or `2026-11-01.3`. Part of paths and references, hence no `/` or `@`. */
export const Version = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/,
    "use letters, digits, dot, underscore, plus and dash",
  );
export type Version = z.infer<typeof Version>;

/** `sha256:` and 64 lower-case hex digits. */
export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "expected sha256:<64 hex digits>");
export type Digest = z.infer<typeof Digest>;

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time as people write it (`500ms`, `30s`, `5m`, `2h`, `7d`); the parsed value is milliseconds. */
export const Duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, "write a whole number and a unit: 500ms, 30s, 5m, 2h, 7d")
  .transform((text) => {
    const unit = text.replace(/^\d+/, "") as keyof typeof unitsMs;
    return Number.parseInt(text, 10) * unitsMs[unit];
  });

/** The two sides of an environment. Exactly one is live. */
export const Colour = z.enum(["blue", "green"]);
export type Colour = z.infer<typeof Colour>;

export function otherColour(colour: Colour): Colour {
  return colour === "blue" ? "green" : "blue";
}

export const Tier = z.enum(["development", "testing", "staging", "production"]);
export type Tier = z.infer<typeof Tier>;

/** One service in one environment: what owns two colours, a route, an epoch and a queue of promotions. */
export const Lane = z.object({ service: Name, environment: Name });
export type Lane = z.infer<typeof Lane>;

/** `shop/production`: the form used as a key, in paths, in logs and in the ledger's streams. */
export function laneKey(lane: Lane): string {
  return `${lane.service}/${lane.environment}`;
}

/** One colour of a lane: `shop/production/green`. */
export const Slot = z.object({ service: Name, environment: Name, colour: Colour });
export type Slot = z.infer<typeof Slot>;

export function slotKey(slot: Slot): string {
  return `${slot.service}/${slot.environment}/${slot.colour}`;
}

/**
 * The right to act on a lane. `incarnation` counts restores of the database, `epoch` counts holders of
 * the lane's lease; they compare as a pair, so that a restored database never falls behind unnoticed.
 */
export const Fence = z.object({
  lane: z.string(),
  incarnation: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
});
export type Fence = z.infer<typeof Fence>;

/** Negative when `a` is older than `b`. Fences of different lanes do not compare. */
export function compareFences(a: Fence, b: Fence): number {
  return a.incarnation - b.incarnation || a.epoch - b.epoch;
}
