import canonicalize from "canonicalize";
import { utf8 } from "../ledger/bytes.ts";
import { digestBytes } from "./digest.ts";
import {
  comparePaths,
  type ConsistencyLine,
  type EntryLine,
  jsonLines,
  type Manifest,
  paths,
  type SharedNameLine,
  type Subject,
} from "./format.ts";
import { readme } from "./readme.ts";
import { writeZip } from "./zip/write-zip.ts";

/** What goes into a pack. Nothing here is checked: `verifyPack` is what says whether it is worth anything. */
export interface PackContent {
  readonly subject: Subject;
  readonly checkpoint: Manifest["checkpoint"] & {
    /** The signed note with its cosignatures. */
    readonly note: string;
  };
  /** Earlier checkpoints with the proof that each is the beginning of the newest. */
  readonly history: readonly (ConsistencyLine & { readonly note: string })[];
  /** In the log's order. */
  readonly entries: readonly EntryLine[];
  readonly journal: readonly { readonly agent: string; readonly entry: unknown }[];
  readonly sharedNames?: readonly SharedNameLine[];
  /** To be read, of a pack about a review. */
  readonly review?: string;
  readonly attestations: readonly Uint8Array[];
  readonly blobs: readonly Uint8Array[];
}

/** The files of a pack by path, the manifest first. */
export function packFiles(content: PackContent): ReadonlyMap<string, Uint8Array> {
  const { sharedNames = [] } = content;
  const history = [...content.history].sort((a, b) => a.size - b.size);
  const files: (readonly [string, Uint8Array])[] = [
    [paths.readme, utf8(readme)],
    [paths.checkpoint, utf8(content.checkpoint.note)],
    [paths.entries, jsonLines(content.entries)],
    [paths.consistency, jsonLines(history.map(({ size, proof }) => ({ size, proof })))],
    ...(content.journal.length === 0 ? [] : [[paths.journal, jsonLines(content.journal)] as const]),
    ...(sharedNames.length === 0 ? [] : [[paths.sharedNames, jsonLines(sharedNames)] as const]),
    ...(content.review === undefined ? [] : [[paths.review, utf8(content.review)] as const]),
    ...history.map(({ size, note }) => [paths.history(size), utf8(note)] as const),
    ...content.attestations.map((bytes) => [paths.attestation(digestBytes(bytes)), bytes] as const),
    ...content.blobs.map((bytes) => [paths.blob(digestBytes(bytes)), bytes] as const),
  ];
  return withManifest(content, new Map(files));
}

/** The same files under a manifest that lists them. */
export function withManifest(
  { subject, checkpoint: { origin, size, root } }: Pick<Manifest, "subject" | "checkpoint">,
  files: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<string, Uint8Array> {
  const sorted = [...files].sort(([a], [b]) => comparePaths(a, b));
  const manifest: Manifest = {
    kind: "AuditPack",
    formatVersion: 1,
    subject,
    checkpoint: { origin, size, root },
    files: sorted.map(([path, bytes]) => ({
      path,
      size: bytes.length,
      digest: digestBytes(bytes),
    })),
  };
  return new Map([[paths.manifest, utf8(`${canonicalize(manifest)}\n`)], ...sorted]);
}

export function makePack(content: PackContent): Uint8Array {
  return writeZip(packFiles(content));
}
