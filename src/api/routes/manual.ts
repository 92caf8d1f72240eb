import { z } from "zod";
import { everything, found, listed } from "../../model/permissions.ts";
import { ManualAnswers, ManualForm, Role } from "../../model/manual-check.ts";
import { HostAccount } from "../../model/git-host.ts";
import { Colour, Digest, Name, Version } from "../../model/primitives.ts";
import { SignerView } from "../../model/signer-view.ts";

/** Calls about checks that people answer, and about whose answers count. */

const Time = z.iso.datetime();

/** What one person is asked, and the answer when there is one. */
export const ManualRequestView = z.object({
  /** Single use; part of what is signed. */
  id: z.string(),
  /** `<promotion>/<step>/<name>/<attempt>`. */
  run: z.string(),
  promotion: z.string(),
  check: Name,
  role: Role,
  service: Name,
  environment: Name,
  colour: Colour.nullable(),
  release: z.object({ id: Digest, version: Version.nullable() }),
  configuration: Digest,
  plan: Digest,
  /** Origin of the log in which the answer will stand. */
  ledger: z.string(),
  form: ManualForm,
  formDigest: Digest,
  /** `ended`: the promotion waits no more, and nobody has answered. */
  state: z.enum(["open", "answered", "expired", "ended"]),
  askedAt: Time,
  answerUntil: Time,
  begunAt: Time.nullable(),
  /** Milliseconds from the beginning to the answer, or to now, by the server's clock; null before. */
  ranMs: z.int().nonnegative().nullable().optional(),
  /** Who may answer, by name where the name is known. */
  holders: z.array(z.string()),
  /** Addresses of the instances under test on the server's machine, and of the route. Empty in lists. */
  addresses: z.array(z.string()),
  answer: z
    .object({
      person: z.string(),
      /** Null once the person was erased. */
      name: z.string().nullable(),
      key: Digest,
      /** Of the signed envelope. */
      digest: Digest,
      answeredAt: Time,
      validUntil: Time,
      /** What is known about whether somebody judged work of their own. */
      separation: z.string(),
      /** The request that it was given to first. */
      reuses: z.string().nullable(),
      /** Null in lists, and where it was erased. */
      answers: ManualAnswers.nullable(),
    })
    .nullable(),
});
export type ManualRequestView = z.infer<typeof ManualRequestView>;

export const GrantView = z.object({
  id: z.string(),
  right: z.string(),
  /** Null: every one. */
  service: z.string().nullable(),
  environment: z.string().nullable(),
  addedAt: Time,
  addedBy: z.string(),
  removedAt: Time.nullable(),
});
export type GrantView = z.infer<typeof GrantView>;

export const PersonView = z.object({
  /** Stands for the person in evidence. */
  person: z.string(),
  /** Null once erased. */
  name: z.string().nullable(),
  /** Other names of the same person. */
  also: z.array(z.string()),
  keys: z.array(
    z.object({
      id: Digest,
      /** Absent: approvals, answers and changes of policy, as far as rights go. */
      signs: z.literal("commits").optional(),
      /** Of a key that signs commits, as ssh-keygen or gpg prints it. */
      fingerprint: z.string().optional(),
      addedAt: Time,
      addedBy: z.string(),
      removedAt: Time.nullable(),
    }),
  ),
  grants: z.array(GrantView),
  /** Proposal that two people have to sign before what was asked for counts (team mode). */
  waitsFor: z.string().optional(),
});
export type PersonView = z.infer<typeof PersonView>;

/** A name under which somebody commits or acts: an e-mail address is best, because commits have one. */
export const PersonName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@+ -]*$/u, "use letters, digits, spaces and . _ @ + -")
  .refine((name) => !name.startsWith("person:"), "a pseudonym is no name");

/** Another name of a person, an account at a git host too. */
const OtherName = z.union([HostAccount, PersonName]);

const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
const Reference = z.string().min(1).max(300);

export const manualRoutes = {
  /** Those that wait for somebody, or all of one promotion. */
  manualList: {
    method: "GET",
    path: "/api/v1/manual-checks",
    permission: "check.read",
    resource: listed(),
    query: z.object({ promotion: z.string().min(1).max(64).optional() }),
    response: list(ManualRequestView),
  },
  /** `request`: its id, a beginning of it of 6 hex digits or more, or the run. */
  manualShow: {
    method: "POST",
    path: "/api/v1/manual-checks/show",
    permission: "check.read",
    resource: found("manual-check", "body.request"),
    body: z.object({ request: Reference }),
    response: ManualRequestView,
  },
  /** Whether and how whoever asks can answer. */
  manualMine: {
    method: "POST",
    path: "/api/v1/manual-checks/mine",
    permission: "check.read",
    resource: found("manual-check", "body.request"),
    body: z.object({ request: Reference }),
    response: SignerView,
  },
  /** The time of a session begins. */
  manualBegin: {
    method: "POST",
    path: "/api/v1/manual-checks/begin",
    permission: "check.answer",
    resource: found("manual-check", "body.request"),
    body: z.object({ request: Reference }),
    response: ManualRequestView,
  },
  /** A DSSE envelope over the person's statement, or that with a passkey's assertion, in base64. */
  manualAnswer: {
    method: "POST",
    path: "/api/v1/manual-checks/answer",
    permission: "check.answer",
    resource: found("manual-check", "body.request"),
    body: z.object({ request: Reference, envelope: z.string().max(800_000) }),
    response: ManualRequestView,
  },

  personList: {
    method: "GET",
    path: "/api/v1/people",
    permission: "person.read",
    resource: everything,
    response: list(PersonView),
  },
  /** Oneself, with keys and rights: none where a machine asks, or whoever owns the data directory. */
  personOwn: {
    method: "GET",
    path: "/api/v1/account/person",
    own: "whoever is known, about their own keys and rights",
    response: list(PersonView),
  },
  /** A public key whose signatures are this person's from here on, and names that are the same person's. */
  personAdd: {
    method: "POST",
    path: "/api/v1/people",
    permission: "person.write",
    resource: everything,
    body: z.object({
      name: PersonName,
      /**
       * PEM: Ed25519, ECDSA P-256 or P-384; or what signs commits and nothing else: one line of an OpenSSH key, or an
       * armoured OpenPGP certificate, of which no user id is kept.
       */
      key: z.string().max(60_000).optional(),
      also: z.array(OtherName).max(20).default([]),
    }),
    response: PersonView,
  },
  personRemoveKey: {
    method: "DELETE",
    path: "/api/v1/people/keys/:key",
    permission: "person.write",
    resource: everything,
    params: z.object({ key: Digest }),
    response: PersonView,
  },
  grantAdd: {
    method: "POST",
    path: "/api/v1/grants",
    permission: "grant.write",
    resource: everything,
    body: z.object({
      name: PersonName,
      /** Rights that this version knows. */
      right: z
        .string()
        .regex(
          /^((approve|checks\.answer):[a-z]([a-z0-9-]{0,61}[a-z0-9])?|findings\.judge|access\.review|people\.vouch|policy\.change|risks\.accept|break-glass\.(sign|review))$/,
        ),
      service: Name.nullable(),
      environment: Name.nullable(),
    }),
    response: PersonView,
  },
  grantRemove: {
    method: "DELETE",
    path: "/api/v1/grants/:id",
    permission: "grant.write",
    resource: everything,
    params: z.object({ id: z.string().min(1).max(64) }),
    response: PersonView,
  },
} as const;
