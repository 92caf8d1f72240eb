import { readFile } from "node:fs/promises";
import { sql } from "kysely";
import { digestBytes } from "../audit/digest.ts";
import { canonicalJson } from "../model/canonical.ts";
import { TidelockError } from "../model/errors.ts";
import type { ContentStore } from "../ports/content-store.ts";
import type { StoredLeaf } from "../store/queries/ledger-read.ts";
import type { Db } from "../store/schema.ts";

/** What entries name by digest and a pack brings along. */
export interface PackBlobs {
  readonly blobs: readonly Uint8Array[];
  readonly attestations: readonly Uint8Array[];
}

const digestPattern = /sha256:[0-9a-f]{64}/g;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * Documents, plans, configurations, releases, inputs of decisions, reports and attestations that these entries name. Bytes of
 * artifacts stay where they are.
 *
 * @param more other bytes that go in where an entry names them
 * @throws TidelockError `digest-mismatch` when the database holds another thing than the ledger names
 */
export async function blobsOf(
  db: Db,
  content: ContentStore,
  leaves: readonly StoredLeaf[],
  more: readonly Uint8Array[],
): Promise<PackBlobs> {
  const named = new Set(leaves.flatMap(digestsIn));
  const { own, foreign } = await attestationsOf(db, content, [...named]);
  for (const bytes of own) {
    for (const digest of digestsOfEnvelope(bytes)) named.add(digest);
  }
  const given = [...foreign, ...more].map((bytes) => [digestBytes(bytes), bytes] as const);
  const blobs = new Map<string, Uint8Array>(given.filter(([digest]) => named.has(digest)));
  for (const { digest, text } of await textsOf(db, [...named], promotionsIn(leaves))) {
    if (!named.has(digest)) continue;
    const bytes = utf8(text);
    if (digestBytes(bytes) !== digest) throw changed(digest);
    blobs.set(digest, bytes);
  }
  return { blobs: [...blobs.values()], attestations: own };
}

export function digestsIn({ entry, opening }: StoredLeaf): readonly string[] {
  const text = `${entry.operation} ${JSON.stringify(opening?.payload ?? {})}`;
  return text.match(digestPattern) ?? [];
}

function digestsOfEnvelope(bytes: Uint8Array): readonly string[] {
  const { payload } = JSON.parse(Buffer.from(bytes).toString()) as { payload?: string };
  return (
    Buffer.from(payload ?? "", "base64")
      .toString()
      .match(digestPattern) ?? []
  );
}

function promotionsIn(leaves: readonly StoredLeaf[]): readonly string[] {
  return leaves
    .filter(({ entry }) => entry.kind === "promotion.accepted")
    .map(({ entry }) => entry.operation);
}

interface Text {
  readonly digest: string;
  readonly text: string;
}

async function textsOf(
  db: Db,
  digests: readonly string[],
  promotions: readonly string[],
): Promise<readonly Text[]> {
  const { rows: stored } = await sql<{ digest: string; content: unknown }>`
    select distinct on (digest) digest, content from documents where digest = any(${digests}::text[])
    union all
    select distinct on (digest) digest, content from configurations where digest = any(${digests}::text[])
    union all select digest, content from plans where digest = any(${digests}::text[])
    union all select id as digest, content from releases where id = any(${digests}::text[])
  `.execute(db);
  const raw = await db
    .selectFrom("raw_reports")
    .select(["digest", "content"])
    .where("digest", "in", digests.length === 0 ? [""] : digests)
    .execute();
  const runs = await db
    .selectFrom("check_runs")
    .select("report")
    .where("promotion", "in", promotions.length === 0 ? [""] : promotions)
    .where("report", "is not", null)
    .execute();
  const inputs = await db
    .selectFrom("decision_inputs")
    .select(["digest", "content as text"])
    .where("digest", "in", digests.length === 0 ? [""] : digests)
    .execute();
  return [
    ...stored.map(({ digest, content }) => ({ digest, text: canonicalJson(content) })),
    ...inputs,
    ...raw.map(({ digest, content }) => ({ digest, text: content.toString() })),
    ...runs.flatMap(({ report }) => {
      const whole = canonicalJson(report);
      const raw = report?.raw;
      return [whole, ...(raw !== undefined && "text" in raw ? [raw.text] : [])].map((text) => ({
        digest: digestBytes(utf8(text)),
        text,
      }));
    }),
  ];
}

interface AttestationRow {
  readonly digest: string;
  readonly origin: string;
  readonly format: string;
  readonly content: Buffer | null;
}

async function attestationsOf(db: Db, content: ContentStore, digests: readonly string[]) {
  const { rows } = await sql<AttestationRow>`
    select distinct on (digest) digest, origin, format, content from attestations
    where digest = any(${digests}::text[]) and erased_at is null
    order by digest
  `.execute(db);
  const own: Uint8Array[] = [];
  const foreign: Uint8Array[] = [];
  for (const row of rows) {
    const bytes = Uint8Array.from(
      row.content ?? (await readFile(await content.path(row.digest as `sha256:${string}`))),
    );
    if (digestBytes(bytes) !== row.digest) throw changed(row.digest);
    (row.origin === "own" && row.format === "dsse" ? own : foreign).push(bytes);
  }
  return { own, foreign };
}

function changed(digest: string): TidelockError {
  return new TidelockError(
    "digest-mismatch",
    `the database holds other content for ${digest} than the ledger names`,
    {
      where: digest,
      hint: "somebody changed the database: run `tidelock ledger verify --state`",
    },
  );
}
