import type { Permission } from "./permissions.ts";

/** Where a role counts. Null: in every service, or every environment. */
export interface Scope {
  readonly service: string | null;
  readonly environment: string | null;
}

/** All that somebody may see of a kind of thing: everything, or what lies in one of these. */
export type Sight = "everything" | readonly Scope[];

/**
 * What is asked for of a list, newest first.
 */
export interface Page {
  /** Default: everything. */
  readonly sees?: Sight | undefined;
  /** The id of an item, as the list shows it: go on behind it. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/**
 * One side of where a call reaches. `any`: it belongs to no one of them, and a role in one is enough; `all`: it
 * touches every one, and only a role without that limit is enough.
 */
export type Reach = "any" | "all" | { readonly name: string };

export interface Resource {
  readonly service: Reach;
  readonly environment: Reach;
}

/** One role that somebody has somewhere. */
export interface Holding extends Scope {
  readonly role: string;
  readonly permissions: ReadonlySet<Permission>;
}

/** How somebody can have proven who they are. `alone`: a password, where nothing else was set up to be asked for. */
export const signInMethods = [
  "password",
  "totp",
  "recovery-code",
  "passkey",
  "oidc",
  // A provider that was told what to ask for, and has asked just now.
  "oidc-factor",
  "link",
  "alone",
] as const;
export type SignInMethod = (typeof signInMethods)[number];

/** What a session says of the sign-in that it began with. */
export interface SessionFacts {
  readonly methods: readonly SignInMethod[];
  /** Who said so, where it was somebody else. */
  readonly issuer: string | null;
  readonly carried: "cookie" | "bearer";
  readonly signedInAt: Date;
  /** Proven with more than a password within the last minutes, by the database's clock as of this request. */
  readonly recent: boolean;
}

/** Who asks, as the server has proven it for this one request. */
export interface Principal {
  readonly kind: "bootstrap" | "token" | "session";
  /** Stands in records: a person's name, `token:<id>/<name>` of a machine's, `workload:<id>/<rule>` of a platform's. */
  readonly id: string;
  /** Pseudonym of the person whose it is; null: a machine's, or whoever owns the data directory. */
  readonly person: string | null;
  /** Of the token or session; null: the bootstrap token. */
  readonly credential: { readonly id: string; readonly name: string } | null;
  readonly holdings: readonly Holding[];
  /** A person's token may no more than this, besides what its person may; null: no narrower. */
  readonly within: Holding | null;
  /** Of a session. */
  readonly session?: SessionFacts;
}
