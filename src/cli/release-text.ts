import type { AttestationView, ReleaseView } from "../api/views.ts";
import type { Card } from "./output/print.ts";
import { bytesText, when } from "./output/words.ts";

/** `3f2a9c1d0b7e, 4 commits, dirty` */
export function sourceText(source: ReleaseView["source"]): string {
  if (source.kind === "none") return "no version control";
  return [
    source.revision.slice(0, 12),
    source.commits.length === 0
      ? ""
      : `${source.commits.length} commit${source.commits.length === 1 ? "" : "s"}`,
    source.truncated ? "history cut" : "",
    source.dirty ? "dirty" : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}

export function releaseCard(release: ReleaseView): Card<ReleaseView> {
  return {
    item: release,
    name: `${release.service}@${release.version}`,
    lines: [
      ["release", `${release.service}@${release.version}`],
      ["id", release.id],
      ...(release.banned === undefined ? [] : [["banned", banText(release.banned)] as const]),
      ["created", `${when(release.createdAt)} by ${release.createdBy}`],
      ["source", sourceText(release.source)],
      ...release.artifacts.map(
        ({ name, digest, size }) => ["artifact", `${name} ${digest} (${bytesText(size)})`] as const,
      ),
      ...release.attestations.map((one) => ["attestation", attestationText(one)] as const),
      ...release.environments.map(
        (place) =>
          [
            place.live ? "live in" : "was in",
            `${place.environment} since ${when(place.since)}${place.verifiedAt === null ? "" : ", verified"}`,
          ] as const,
      ),
    ],
  };
}

/** `S-3 since … by operator: it loses orders; lift it: …` */
function banText({ id, reason, by, since }: NonNullable<ReleaseView["banned"]>): string {
  return `${id} since ${when(since)} by ${by}: ${reason}; lift it: tidelock release unban ${id} --reason …`;
}

/** `https://slsa.dev/provenance/v1 (sigstore) sha256:3f2a…`; what it is worth is `release verify`'s to say. */
export function attestationText({
  format,
  predicateType,
  origin,
  digest,
  erased,
}: AttestationView): string {
  const what = predicateType === null ? format : `${predicateType} (${format})`;
  const how = origin === "made" ? ", made from its tree" : "";
  return `${what}${how}${erased ? ", erased" : ""} ${digest}`;
}

export function attestationCard(view: AttestationView): Card<AttestationView> {
  return {
    item: view,
    name: view.digest,
    lines: [
      ["digest", view.digest],
      ["format", view.format],
      ["states", view.predicateType],
      ["size", bytesText(view.size)],
      ["added", `${when(view.addedAt)} by ${view.addedBy}`],
      ["verified", "no: keeping is not trusting; see `tidelock release verify`"],
    ],
  };
}
