import { z } from "zod";
import { Digest, Duration, Name } from "./primitives.ts";

/** Where pull requests live, and who is who there. */

/**
 * An account at a git host, by the id that the host gives to nobody else: `github:583231`, `git.shop.example:7`. A login
 * may be renamed, and taken by another.
 */
export const HostAccount = z
  .string()
  .max(200)
  .regex(
    /^[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?(:[0-9]{1,5})?:[0-9a-fA-F-]{1,64}$/,
    "write <host>:<id>, like github:583231",
  )
  .refine((account) => !/^(person|token):/.test(account), "this stands for somebody else here");
export type HostAccount = z.infer<typeof HostAccount>;

export const GitHostKind = z.enum(["github", "gitlab", "bitbucket", "gitea"]);
export type GitHostKind = z.infer<typeof GitHostKind>;

const publicApi: Readonly<Partial<Record<GitHostKind, string>>> = {
  github: "https://api.github.com",
  gitlab: "https://gitlab.com",
  bitbucket: "https://api.bitbucket.org",
};

/**
 * The host whose word on pushes, merges and reviews counts in an environment. It belongs to the environment's owners and is
 * policy: whoever could change it could say who worked on what.
 */
export const ReviewHost = z
  .strictObject({
    kind: GitHostKind,
    /** Of the server, where it is not the public one: `https://git.shop.example`; of GitHub, its API's. */
    url: z
      .url({ protocol: /^https?$/ })
      .max(1_024)
      .optional(),
    /** Service to repository: `shop: acme/shop`. */
    projects: z.record(
      Name,
      z.string().regex(/^[\w.-]{1,100}(\/[\w.-]{1,100}){1,20}$/, "expected owner/name"),
    ),
    /** Into which pull requests are merged. */
    branch: z
      .string()
      .max(200)
      .regex(/^[A-Za-z0-9][\w./-]*$/, "expected a branch's name")
      .default("main"),
    /**
     * Name of the secret of each service, in this environment, that the host is asked with. It begins with `GIT_HOST_`, so
     * that nobody can have another secret sent to an address of their choice.
     */
    token: z
      .string()
      .regex(/^GIT_HOST_[A-Z0-9_]{1,100}$/, "expected a name that begins with GIT_HOST_"),
    /** How long what it said counts. Milliseconds. */
    maxAge: Duration.default(86_400_000),
  })
  .refine(({ kind, url }) => url !== undefined || publicApi[kind] !== undefined, {
    path: ["url"],
    message: "say where it is",
  });
export type ReviewHost = z.infer<typeof ReviewHost>;

/**
 * The address that the host itself puts as committer into commits which people make on its pages: nobody's. Null where
 * the host puts whoever pressed the button, or where it is not known what it puts.
 */
export function hostCommitter(host: Pick<ReviewHost, "kind" | "url">): string | null {
  return reviewHostUrl(host) === publicApi.github ? "noreply@github.com" : null;
}

/** What these put before each path of theirs: whoever writes the address of the API means the same server. */
const ownPrefix: Partial<Record<GitHostKind, RegExp>> = {
  gitea: /\/api\/v1$/,
  gitlab: /\/api\/v4$/,
};

/** Where it is asked, without a slash at its end. */
export function reviewHostUrl({ kind, url }: Pick<ReviewHost, "kind" | "url">): string {
  const plain = (url ?? publicApi[kind] ?? "").replace(/\/+$/, "");
  return plain.replace(ownPrefix[kind] ?? /$^/, "");
}

/** What accounts there are called by here: `github`, or the name of an own server. */
export function accountPrefix(host: Pick<ReviewHost, "kind" | "url">): string {
  const url = reviewHostUrl(host);
  return url === publicApi[host.kind] ? host.kind : new URL(url).host;
}

const Time = z.iso.datetime({ offset: true });
const Account = z.string().max(200);

/** What a host said of one pull request that brought commits. Accounts as `github:583231`; null: it did not say. */
export const HostPull = z.strictObject({
  number: z.int().positive(),
  /** What was merged: the newest commit of the branch. */
  head: z.string(),
  /** The commit that the merge made; null: the branch was only moved. */
  merged: z.string().nullable(),
  openedBy: Account.nullable(),
  mergedBy: Account.nullable(),
  /** Its own commits, oldest first, and who pushed each. */
  commits: z.array(z.strictObject({ revision: z.string(), pushedBy: Account.nullable() })),
  reviews: z.array(
    z.strictObject({
      by: Account.nullable(),
      state: z.enum(["approved", "changes", "dismissed", "comment"]),
      /** Of the branch then; null: it did not say. */
      revision: z.string().nullable(),
      at: Time.nullable(),
    }),
  ),
});
export type HostPull = z.infer<typeof HostPull>;

/** Null: it is not known. */
export const BranchProtection = z.strictObject({
  protected: z.boolean().nullable(),
  requiredApprovals: z.int().nonnegative().nullable(),
  dismissesStale: z.boolean().nullable(),
  refusesForcePush: z.boolean().nullable(),
  includesAdmins: z.boolean().nullable(),
});
export type BranchProtection = z.infer<typeof BranchProtection>;

/** What a git host said about the commits of a release, when it was asked: the predicate of a statement about the release. */
export const HostReview = z.strictObject({
  host: z.strictObject({
    kind: GitHostKind,
    url: z.string(),
    project: z.string(),
    branch: z.string(),
  }),
  release: Digest,
  revision: z.string(),
  askedAt: Time,
  /** What could not be read, or not to its end: then nothing is known of what it would have said. */
  problems: z.array(z.string()),
  branch: BranchProtection,
  /**
   * Commits of the release, by the pull request that brought each; null: none did, or none is known. Then, who pushed it to
   * the branch itself.
   */
  commits: z.array(
    z.strictObject({
      revision: z.string(),
      pull: z.int().nullable(),
      pushedBy: Account.nullable(),
    }),
  ),
  pulls: z.array(HostPull),
  /** Every answer as it came, in the order of asking. */
  answers: z.array(
    z.strictObject({ path: z.string(), status: z.int(), digest: Digest, body: z.string() }),
  ),
});
export type HostReview = z.infer<typeof HostReview>;
