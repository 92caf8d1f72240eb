import type { LeafEntry } from "../model/ledger.ts";
import type { Subject } from "./format.ts";

/**
 * Which entries a pack about a release or a review shows closed: their leaf stands in it, because the chain of the stream
 * `system` goes through it, and what they say does not, because it is about somebody else. Kind, name, author and
 * time are in the leaf and so are seen; a pack cannot hide that an entry is there.
 *
 * Open is whatever is not listed here: keys, restores, successions, ends of streams, the documents of the release's
 * own service and of its environments, every kind that this program does not know. A pack about an environment is
 * a list of all changes and closes nothing.
 */
const ofNoRelease: ReadonlySet<string> = new Set([
  "access.recorded",
  "erasure.requested",
  "person.erased",
  "hold.added",
  "hold.removed",
  "witness.added",
  "witness.removed",
  "anchor.added",
  "anchor.removed",
  "agent.met",
  "agent.gap",
  "agent.observed",
  // One that is about an entry of the pack has to be open, or that entry is missed (checks/entries.ts).
  "payload.erased",
]);

/** A pack about a review opens all that is about people, whole; documents are about services. */
function ofNoReview(kind: string): boolean {
  if (kind === "person.erased") return false;
  return ofNoRelease.has(kind) || kind.startsWith("document.");
}

/** @param streams all of the pack */
export function mayBeClosed(
  { kind, stream, operation }: LeafEntry,
  subject: Subject,
  streams: ReadonlySet<string>,
): boolean {
  if (subject.kind === "environment" || stream !== "system") return false;
  if (subject.kind === "access-review") return ofNoReview(kind);
  if (ofNoRelease.has(kind)) return true;
  if (kind !== "document.registered" && kind !== "document.removed") return false;
  const [, of, name = ""] = /^document\/(Pipeline|Environment)\/([^/]+)\//.exec(operation) ?? [];
  if (of === "Pipeline") return name !== subject.service;
  // A pipeline of the service that names the environment makes its lane a stream that the pack must have.
  return of === "Environment" && !streams.has(`${subject.service}/${name}`);
}
