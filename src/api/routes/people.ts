import { z } from "zod";
import { anywhere, everything } from "../../model/permissions.ts";
import { ToVouch } from "../../model/vouch.ts";
import { PersonName } from "./manual.ts";

/** Calls about who stands behind an identity, and whether somebody is still here. */

const Time = z.iso.datetime();
/** `name` null: erased. */
const Named = z.object({ person: z.string(), name: z.string().nullable() });

export const SponsorsView = z.object({
  person: z.string(),
  name: z.string().nullable(),
  /** Why nothing of theirs counts now; null: it does. */
  absent: z.string().nullable(),
  acts: z.array(
    z.object({
      operation: z.string(),
      what: z.string(),
      at: Time,
      /** Everybody who stands behind it. */
      by: z.array(Named),
      proven: z.boolean(),
      /** Whose word lifts that. */
      vouched: z.array(Named),
      /** Their approvals do not count on the work of whoever is behind it. */
      open: z.boolean(),
    }),
  ),
  /** What a third person would sign; null: nothing is open. */
  toVouch: ToVouch.nullable(),
});
export type SponsorsView = z.infer<typeof SponsorsView>;

export const StandingView = z.object({
  person: z.string(),
  name: z.string().nullable(),
  absent: z.string().nullable(),
  words: z.array(
    z.object({
      state: z.enum(["active", "suspended", "left"]),
      from: Time,
      reason: z.string(),
      by: z.string(),
      at: Time,
    }),
  ),
  /** Proposal that two people have to sign before somebody is here again (team mode). */
  waitsFor: z.string().optional(),
});
export type StandingView = z.infer<typeof StandingView>;

const params = z.object({ name: PersonName });

export const peopleRoutes = {
  /** Who made somebody what they are, and who vouches for it. */
  personSponsors: {
    method: "GET",
    path: "/api/v1/people/:name/sponsors",
    permission: "person.read",
    resource: everything,
    params,
    response: SponsorsView,
  },
  /** The same for whoever may vouch: what they could sign, also where somebody else has. */
  personToVouch: {
    method: "GET",
    path: "/api/v1/people/:name/vouches",
    permission: "person.vouch",
    resource: anywhere,
    params,
    response: SponsorsView,
  },
  /** A DSSE envelope over a third person's statement, in base64. */
  personVouch: {
    method: "POST",
    path: "/api/v1/people/:name/vouches",
    permission: "person.vouch",
    resource: anywhere,
    params,
    body: z.strictObject({ envelope: z.string().max(100_000) }),
    response: SponsorsView,
  },
  /** Suspended, left (from a day on), or here again. */
  personStanding: {
    method: "POST",
    path: "/api/v1/people/:name/standing",
    permission: "person.write",
    resource: everything,
    params,
    body: z.strictObject({
      state: z.enum(["active", "suspended", "left"]),
      /** Null: from now on. */
      from: Time.nullable(),
      reason: z.string().trim().min(1).max(500),
    }),
    response: StandingView,
  },
} as const;
