import { After, page } from "../page.ts";
import { z } from "zod";
import { at, everything, listed, ofService } from "../../model/permissions.ts";
import { Digest, Name } from "../../model/primitives.ts";
import { Release } from "../../model/release.ts";
import { AccessView, ReleaseChangesView } from "../views/change.ts";
import { AttestationView, ReleaseView, TraceView } from "../views.ts";

/** Calls about releases, what is stated about them, and who did what. */

const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
/** `1.4.2`, a release id, or a unique prefix of one of at least 8 hex digits. */
const ReleaseRef = z.string().min(1).max(128);

export const releaseRoutes = {
  /** Bytes first (`PUT /api/v1/blobs/<digest>`, streamed, see server), then the release that names them. */
  releaseCreate: {
    method: "POST",
    path: "/api/v1/releases",
    permission: "release.create",
    resource: at("body.release.service", "any"),
    body: z.object({ release: Release }),
    response: ReleaseView,
  },
  releaseList: {
    method: "GET",
    path: "/api/v1/releases",
    permission: "release.read",
    resource: listed("service", null),
    query: z.object({
      service: Name.optional(),
      limit: z.coerce.number().int().min(1).max(500).default(50),
      after: After,
    }),
    response: page(ReleaseView),
  },
  releaseShow: {
    method: "GET",
    path: "/api/v1/services/:service/releases/:release",
    permission: "release.read",
    resource: ofService,
    params: z.object({ service: Name, release: ReleaseRef }),
    response: ReleaseView,
  },
  /** Keeps what is stated about a release. Bytes first (`PUT /api/v1/blobs/<digest>`), then their digest. */
  releaseAttest: {
    method: "POST",
    path: "/api/v1/services/:service/releases/:release/attestations",
    permission: "release.attest",
    resource: ofService,
    params: z.object({ service: Name, release: ReleaseRef }),
    body: z.object({ digest: Digest }),
    response: AttestationView,
  },
  /** The release as it was taken in, and all that is stated about it: what `release verify` starts from. */
  releaseEvidence: {
    method: "GET",
    path: "/api/v1/services/:service/releases/:release/evidence",
    permission: "release.read",
    resource: ofService,
    params: z.object({ service: Name, release: ReleaseRef }),
    response: z.object({ id: Digest, release: Release, attestations: z.array(AttestationView) }),
  },
  /** The bytes of one of them, in base64. */
  attestationContent: {
    method: "GET",
    path: "/api/v1/services/:service/releases/:release/attestations/:digest",
    permission: "release.read",
    resource: ofService,
    params: z.object({ service: Name, release: ReleaseRef, digest: Digest }),
    response: z.object({ digest: Digest, content: z.string() }),
  },
  /** Calls that changed something or were refused, newest first. */
  accessList: {
    method: "GET",
    path: "/api/v1/audit/access",
    permission: "audit.read",
    resource: everything,
    query: z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(100) }),
    response: AccessView,
  },
  /** The change log of a release, from records. */
  releaseChanges: {
    method: "GET",
    path: "/api/v1/services/:service/releases/:release/changes",
    permission: "release.read",
    resource: ofService,
    params: z.object({ service: Name, release: ReleaseRef }),
    response: ReleaseChangesView,
  },
  /** Revision that the last environment of the pipeline runs: where `source.commits` starts. */
  releaseSince: {
    method: "GET",
    path: "/api/v1/services/:service/since",
    permission: "release.read",
    resource: ofService,
    params: z.object({ service: Name }),
    response: z.object({ revision: z.string().nullable() }),
  },
  trace: {
    method: "GET",
    path: "/api/v1/commits/:revision",
    permission: "release.read",
    resource: listed("service", null, "releases"),
    params: z.object({ revision: z.string().regex(/^[0-9a-f]{7,64}$/) }),
    response: list(TraceView),
  },
} as const;
