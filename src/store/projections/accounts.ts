import { createHash } from "node:crypto";
import type { AccountLinkRow, AccountRow, BootstrapRow } from "../schema-accounts.ts";
import { authorOf, type Projection, time } from "./projection.ts";

/** Who signs in with what, and the links that let them begin. Of secrets, digests of what is kept of them. */

function digest(kept: string | Uint8Array | null): string | null {
  return kept && `sha256:${createHash("sha256").update(kept).digest("hex")}`;
}

export const accountLinksProjection: Projection<AccountLinkRow> = {
  table: "account_links",
  kinds: ["account.link-made", "account.link-used", "account.link-ended"],
  key: ({ id }) => `account-link/${id}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    link: row.id,
    digest: row.digest,
    purpose: row.purpose,
    person: row.person,
    expiresAt: time(row.expires_at),
    used: row.used_at !== null,
    removed: row.removed_at !== null,
  }),
  authors: (row) => [authorOf(accountLinksProjection, row, "added_by", row.added_by)],
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("account_links").selectAll().execute();
  },
};

export const accountChanges = [
  "account.created",
  "account.credential-set",
  "account.credential-removed",
  "account.locked",
  "account.unlocked",
] as const;
export type AccountChange = (typeof accountChanges)[number];

export const accountsProjection: Projection<AccountRow> = {
  table: "accounts",
  kinds: accountChanges,
  key: ({ person }) => `account/${person}`,
  changes: ({ changes }) => changes,
  counted: true,
  columns: (row) => ({
    person: row.person,
    password: digest(row.password),
    totp: digest(row.totp),
    recovery: [...row.recovery],
    link: row.link,
    locked: row.locked,
  }),
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("accounts").selectAll().execute();
  },
};

export const bootstrapProjection: Projection<BootstrapRow> = {
  table: "bootstrap",
  kinds: ["bootstrap.ended", "bootstrap.recovered"],
  key: () => "bootstrap",
  changes: ({ changes }) => changes,
  counted: true,
  columns: ({ ended }) => ({ ended }),
  stream: () => "system",
  async *rows(db) {
    yield* await db.selectFrom("bootstrap").selectAll().execute();
  },
};
