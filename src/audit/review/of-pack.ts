import { checkReview } from "../checks/review.ts";
import { Blobs } from "../checks/blobs.ts";
import { readEntries } from "../checks/entries.ts";
import { LogSucceeded } from "../payloads.ts";
import { readSharedNames } from "../people/shared-names.ts";
import { fromHex } from "../../ledger/bytes.ts";
import { Findings } from "../report.ts";
import { type PackContent, packFiles } from "../write-pack.ts";
import { reviewText } from "./text.ts";

/**
 * What a pack about a review has in it to be read, for whoever writes one; null: it is about something else. The verifier
 * makes the same text of the same pack, and whatever is wrong with it, the verifier says.
 */
export function reviewOf(content: PackContent): string | null {
  if (content.subject.kind !== "access-review") return null;
  const findings = new Findings(false);
  const files = packFiles(content);
  const { size, root, origin } = content.checkpoint;
  const entries = readEntries(content.entries, { size, root: fromHex(root) }, findings);
  const blobs = new Blobs(files, entries, findings);
  const shared = readSharedNames(content.sharedNames ?? [], entries, findings);
  const before = entries.flatMap(({ leaf, payload }) =>
    leaf.kind === "log.succeeded" ? (LogSucceeded.safeParse(payload).data ?? []) : [],
  );
  const origins = new Set([origin, ...before.map(({ predecessor }) => predecessor.origin)]);
  const story = checkReview(content.subject, { entries, origins, blobs, shared, files }, findings);
  return story === null ? "" : reviewText(story);
}
