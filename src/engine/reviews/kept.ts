import { readEnvelope, statementPayloadType, verifyEnvelope } from "../../evidence/dsse.ts";
import { ed25519Key } from "../../evidence/keys.ts";
import { hostReview } from "../../evidence/predicates/host-review.ts";
import { readStatement, subjectDigests } from "../../evidence/statement.ts";
import { type HostReview, type ReviewHost, reviewHostUrl } from "../../model/git-host.ts";
import type { Digest } from "../../model/primitives.ts";
import { evidenceKeys, readAttestation } from "../../store/queries/attestations.ts";
import { newestReview } from "../../store/queries/host-reviews.ts";
import type { Db } from "../../store/schema.ts";
import { attestationBytes } from "../attestations/attest-material.ts";
import type { Engine } from "../engine.ts";

export interface KeptReview {
  readonly review: HostReview;
  /** Of the signed statement. */
  readonly digest: Digest;
  /** Older than the environment's owners let it count. */
  readonly stale: boolean;
}

interface Of {
  readonly release: Digest;
  readonly service: string;
  readonly environment: string;
  readonly host: ReviewHost;
  readonly now: Date;
}

/** What the host said of a release when it was last asked, as it was signed; null: nothing that counts here. */
export async function reviewOf(
  engine: Pick<Engine, "content">,
  db: Db,
  { release, service, environment, host, now }: Of,
): Promise<KeptReview | null> {
  const digest = await newestReview(db, release, environment);
  const row = digest === null ? undefined : await readAttestation(db, release, digest);
  if (digest === null || !row || row.erased_at) return null;
  const bytes = await attestationBytes(engine, row).catch(() => null);
  const review = bytes && (await readSigned(db, bytes, release));
  if (!review) return null;
  const { kind, url, project, branch } = review.host;
  // Of another host, repository or branch it says nothing here.
  const same =
    kind === host.kind &&
    url === reviewHostUrl(host) &&
    project === host.projects[service] &&
    branch === host.branch;
  if (!same) return null;
  return { review, digest, stale: now.getTime() - Date.parse(review.askedAt) > host.maxAge };
}

async function readSigned(db: Db, bytes: Uint8Array, release: Digest): Promise<HostReview | null> {
  const envelope = readEnvelope(bytes);
  if (!envelope.ok) return null;
  const keys = (await evidenceKeys(db)).flatMap((raw) => {
    const key = ed25519Key(raw);
    return key.ok ? [key.value] : [];
  });
  const verified = verifyEnvelope(envelope.value, { keys, payloadType: statementPayloadType });
  const statement = verified.ok ? readStatement(verified.value.payload) : null;
  if (!statement?.ok || statement.value.predicateType !== hostReview.type) return null;
  if (!subjectDigests(statement.value).includes(release)) return null;
  const review = hostReview.schema.safeParse(statement.value.predicate);
  return review.success && review.data.release === release ? review.data : null;
}
