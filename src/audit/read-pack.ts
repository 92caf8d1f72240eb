import canonicalize from "canonicalize";
import type { z } from "zod";
import { TidelockError } from "../model/errors.ts";
import { decodeUtf8 } from "../evidence/bytes.ts";
import { digestBytes } from "./digest.ts";
import {
  comparePaths,
  ConsistencyLine,
  EntryLine,
  isKnownPath,
  JournalLine,
  Manifest,
  paths,
  SharedNameLine,
} from "./format.ts";
import { isKnownReadme } from "./readme.ts";
import type { Findings } from "./report.ts";
import { readZip } from "./zip/read-zip.ts";

/** A pack as it came: the zip, or its files by path when somebody unpacked it. */
export type PackInput = Uint8Array | ReadonlyMap<string, Uint8Array>;

/** Parsed, and nothing of it believed yet. */
export interface Pack {
  readonly manifest: Manifest;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly entries: readonly EntryLine[];
  readonly consistency: readonly ConsistencyLine[];
  readonly journal: readonly z.infer<typeof JournalLine>[];
  readonly sharedNames: readonly SharedNameLine[];
}

/** Takes a pack apart. Null: there is nothing to go on with, and the findings say why. */
export function readPack(input: PackInput, findings: Findings): Pack | null {
  const files = filesOf(input, findings);
  if (files === null) return null;
  const manifest = readManifest(files, findings);
  if (manifest === null) return null;
  compareFiles(files, manifest, findings);
  return {
    manifest,
    files,
    entries: readLines(files, paths.entries, EntryLine, findings),
    consistency: readLines(files, paths.consistency, ConsistencyLine, findings),
    journal: readLines(files, paths.journal, JournalLine, findings),
    sharedNames: readLines(files, paths.sharedNames, SharedNameLine, findings),
  };
}

function filesOf(input: PackInput, findings: Findings): ReadonlyMap<string, Uint8Array> | null {
  if (!(input instanceof Uint8Array)) return input;
  try {
    const files = readZip(input);
    const order = [...files.keys()];
    const misplaced = order.findIndex(
      (path, at) => at > 0 && comparePaths(order[at - 1] ?? "", path) >= 0,
    );
    if (misplaced !== -1) {
      const message = "the zip's files are not in their order";
      findings.problem("container", { file: order[misplaced] ?? "" }, message);
    }
    return files;
  } catch (error) {
    if (!(error instanceof TidelockError)) throw error;
    findings.problem("container", { file: `zip, ${error.where}` }, error.message);
    return null;
  }
}

function readManifest(files: ReadonlyMap<string, Uint8Array>, findings: Findings): Manifest | null {
  const bytes = files.get(paths.manifest);
  if (bytes === undefined) {
    findings.problem("container", { file: paths.manifest }, "it is missing");
    return null;
  }
  const parsed = parseCanonical(decodeUtf8(bytes)?.replace(/\n$/, "") ?? "", Manifest);
  if (typeof parsed === "string" || bytes.at(-1) !== 0x0a) {
    const message = typeof parsed === "string" ? parsed : "its last line has no end";
    findings.problem("container", { file: paths.manifest }, message);
    return null;
  }
  return parsed.value;
}

/** The manifest's list and the files are the same set with the same bytes. */
function compareFiles(
  files: ReadonlyMap<string, Uint8Array>,
  manifest: Manifest,
  findings: Findings,
): void {
  const listed = new Set<string>();
  let before = paths.manifest as string;
  for (const { path, size, digest } of manifest.files) {
    if (comparePaths(before, path) >= 0 || !isKnownPath(path)) {
      findings.problem("container", { file: paths.manifest }, `it lists ${path} out of place`);
    }
    const addressed = /^(?:blobs|attestations)\/([0-9a-f]{64})/.exec(path)?.[1];
    if (addressed !== undefined && digest !== `sha256:${addressed}`) {
      findings.problem("container", { file: path }, "its name is not the digest of its bytes");
    }
    before = path;
    listed.add(path);
    const bytes = files.get(path);
    findings.seen("container");
    if (bytes === undefined) findings.problem("container", { file: path }, "it is missing");
    else if (bytes.length !== size) {
      findings.problem(
        "container",
        { file: path },
        `it has ${bytes.length} bytes instead of ${size}`,
      );
    } else if (digestBytes(bytes) !== digest) {
      findings.problem(
        "container",
        { file: path },
        "its bytes are not those that the manifest names",
      );
    }
  }
  for (const path of files.keys()) {
    if (path !== paths.manifest && !listed.has(path)) {
      findings.problem("container", { file: path }, "the manifest does not list it");
    }
  }
  const wanted = [paths.readme, paths.checkpoint, paths.entries, paths.consistency];
  const own = manifest.subject.kind === "access-review" ? [paths.review] : [];
  for (const path of [...wanted, ...own]) {
    if (!listed.has(path)) findings.problem("container", { file: path }, "a pack must have it");
  }
  const readme = files.get(paths.readme);
  if (readme !== undefined && !isKnownReadme(digestBytes(readme))) {
    const message = "this is not the text that packs of this format carry: do not follow it";
    findings.problem("container", { file: paths.readme }, message);
  }
}

function readLines<T extends z.ZodType>(
  files: ReadonlyMap<string, Uint8Array>,
  path: string,
  schema: T,
  findings: Findings,
): readonly z.output<T>[] {
  const bytes = files.get(path);
  if (bytes === undefined) return [];
  const text = decodeUtf8(bytes);
  if (text === null || (text !== "" && !text.endsWith("\n"))) {
    findings.problem("container", { file: path }, "it is not text of whole lines");
    return [];
  }
  const values: z.output<T>[] = [];
  for (const [at, line] of text.split("\n").slice(0, -1).entries()) {
    const parsed = parseCanonical(line, schema);
    if (typeof parsed === "string") {
      findings.problem("container", { file: `${path}, line ${at + 1}` }, parsed);
      break;
    }
    values.push(parsed.value);
  }
  return values;
}

/**
 * Only canonical JSON (RFC 8785) is read: one value has one spelling, and no parser sees another key twice.
 * A string says what is wrong.
 */
export function parseCanonical<T extends z.ZodType>(
  text: string,
  schema: T,
): { readonly value: z.output<T> } | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (canonicalize(value) !== text) return "it is not in canonical form (RFC 8785)";
  } catch {
    return "it is not JSON";
  }
  const parsed = schema.safeParse(value);
  // A schema may pass over what it does not know (`__proto__`): then it is not what stands here.
  if (parsed.success && canonicalize(parsed.data) !== text) return "it has a key that is not read";
  if (parsed.success) return { value: parsed.data };
  const [issue] = parsed.error.issues;
  return `${issue?.path.join(".") || "its content"}: ${issue?.message ?? "is not of this format"}`;
}
