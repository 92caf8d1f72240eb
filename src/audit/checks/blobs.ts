import { decodeUtf8 } from "../../evidence/bytes.ts";
import type { Digest } from "../../model/primitives.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { PayloadErased } from "../payloads.ts";
import type { Findings } from "../report.ts";

/** The blobs of a pack by digest; that each has its digest is known from the manifest and from its name. */
export class Blobs {
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #erased: ReadonlySet<string>;
  readonly #findings: Findings;

  constructor(
    files: ReadonlyMap<string, Uint8Array>,
    entries: readonly LogEntry[],
    findings: Findings,
  ) {
    this.#files = files;
    this.#findings = findings;
    this.#erased = new Set(
      entries
        .filter(({ leaf }) => leaf.kind === "payload.erased")
        .flatMap(({ payload }) => PayloadErased.safeParse(payload).data?.blobs ?? []),
    );
  }

  isErased(digest: string): boolean {
    return this.#erased.has(digest);
  }

  /** What an entry names has to be here, unless it was erased. `what` is for people: `the plan`. */
  need(digest: Digest, what: string, by: LogEntry): Uint8Array | null {
    const bytes = this.#files.get(paths.blob(digest));
    if (bytes === undefined && !this.isErased(digest)) {
      this.#findings.problem(
        "blobs",
        { file: paths.blob(digest), entry: by.index, stream: by.leaf.stream },
        `${what} that the entry names is missing`,
      );
    }
    return bytes ?? null;
  }

  /** The same for what an attestation names; `path` is the attestation's. */
  needOf(digest: Digest, what: string, path: string): void {
    if (this.#files.has(paths.blob(digest)) || this.isErased(digest)) return;
    const message = `${what} that ${path} names is missing`;
    this.#findings.problem("blobs", { file: paths.blob(digest) }, message);
  }

  /** The same, parsed; null when it is not there or is no JSON. */
  needJson(digest: Digest, what: string, by: LogEntry): unknown {
    const bytes = this.need(digest, what, by);
    return bytes === null ? null : parsedJson(bytes);
  }
}

export function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes) ?? "");
  } catch {
    return null;
  }
}

export const digestPattern = /sha256:[0-9a-f]{64}/g;

/** Every digest that an entry speaks of, in its operation, its stream or its payload. */
export function digestsNamedBy({ leaf, payload }: LogEntry): readonly string[] {
  const text = `${leaf.operation} ${leaf.stream} ${payload === null ? "" : JSON.stringify(payload)}`;
  return text.match(digestPattern) ?? [];
}

/** A blob that nobody names would be unproven baggage: it could say anything. */
export function checkNamed(
  files: ReadonlyMap<string, Uint8Array>,
  named: ReadonlySet<string>,
  findings: Findings,
): void {
  for (const path of files.keys()) {
    const hex = /^blobs\/([0-9a-f]{64})$/.exec(path)?.[1];
    if (hex === undefined) continue;
    findings.seen("blobs");
    if (!named.has(`sha256:${hex}`)) {
      findings.problem("blobs", { file: path }, "no entry and no attestation names it");
    }
  }
}
