import { paths, type Subject } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { Accepted, DocumentRegistered, PipelineBlob, ReleaseCreated } from "../payloads.ts";
import type { Findings } from "../report.ts";
import type { Blobs } from "./blobs.ts";
import { parsedJson } from "./blobs.ts";

/**
 * Which streams a pack must have, so that a lane in which something failed cannot be left out: the system's
 * own, and every lane of the service (or of the environment) that any registered pipeline ever named. Each
 * with the reason, for people.
 */
export function requiredStreams(
  subject: Subject,
  entries: readonly LogEntry[],
  closed: ReadonlySet<number>,
  blobs: Blobs,
  findings: Findings,
): ReadonlyMap<string, string> {
  const required = new Map([["system", "keys, documents and restores stand there"]]);
  if (subject.kind === "access-review") return required;
  for (const { service, environment, by } of lanesEverNamed(entries, closed, blobs, findings)) {
    const meant =
      subject.kind === "release"
        ? service === subject.service
        : environment === subject.environment;
    if (meant) required.set(`${service}/${environment}`, `entry ${by} names this lane`);
  }
  if (subject.kind === "release") {
    required.set(`release/${subject.release}`, "the pack is about it");
    requireSubject(subject, entries, findings);
  } else {
    for (const { leaf, payload } of entries) {
      const accepted = Accepted.safeParse(payload);
      const inside = leaf.time >= subject.from && leaf.time < subject.to;
      if (leaf.kind !== "promotion.accepted" || !inside || !accepted.success) continue;
      if (!leaf.stream.endsWith(`/${subject.environment}`)) continue;
      required.set(`release/${accepted.data.release}`, `${leaf.operation} moved it`);
    }
  }
  return required;
}

/** That the release is the one whose name the pack bears. */
function requireSubject(
  subject: Extract<Subject, { kind: "release" }>,
  entries: readonly LogEntry[],
  findings: Findings,
): void {
  const created = entries.find(
    ({ leaf }) => leaf.kind === "release.created" && leaf.stream === `release/${subject.release}`,
  );
  const at = { file: paths.manifest, stream: `release/${subject.release}` };
  if (created === undefined) {
    findings.problem("story", at, "no entry says that this release was created");
    return;
  }
  const named = ReleaseCreated.safeParse(created.payload);
  if (created.payload === null) return;
  if (
    !named.success ||
    named.data.service !== subject.service ||
    named.data.version !== subject.version
  ) {
    findings.problem(
      "story",
      at,
      `the release was created under another name than ${subject.service}@${subject.version}`,
    );
  }
}

function lanesEverNamed(
  entries: readonly LogEntry[],
  closed: ReadonlySet<number>,
  blobs: Blobs,
  findings: Findings,
) {
  const lanes: { service: string; environment: string; by: number }[] = [];
  // Nobody can be held to what is erased; that a lane may be missing because of it is said.
  const unseen = ({ index }: LogEntry): void =>
    findings.note(
      "streams",
      `entry ${index}: a registered document was erased: a lane that only it named could be left out of this pack unseen`,
    );
  for (const entry of entries) {
    if (entry.leaf.kind !== "document.registered" || closed.has(entry.index)) continue;
    if (entry.payload === null) unseen(entry);
    const document = DocumentRegistered.safeParse(entry.payload);
    if (!document.success || document.data.kind !== "Pipeline") continue;
    const bytes = blobs.need(document.data.digest, "the pipeline document", entry);
    if (bytes === null && blobs.isErased(document.data.digest)) unseen(entry);
    const pipeline = PipelineBlob.safeParse(bytes === null ? null : parsedJson(bytes));
    if (!pipeline.success) continue;
    for (const { name } of pipeline.data.spec.environments) {
      lanes.push({ service: pipeline.data.metadata.name, environment: name, by: entry.index });
    }
  }
  return lanes;
}
