import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { matchesGlob } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import type { CheckContext } from "../../ports/check.ts";
import { readTreeFiles } from "../tree-files.ts";
import { maxSpecBytes, type SpecSource } from "./schema.ts";

/** One feature file, whoever wrote it. */
export interface Spec {
  readonly file: string;
  readonly text: string;
  readonly sha256: string;
  /** `pack` is ours, `demand` the pipeline's or the floor's, `tree` the release's own. */
  readonly owner: "pack" | "demand" | "tree";
}

const maxFiles = 100;

/**
 * Collects the specifications in the order of the demand. One that the release carries may be pinned by its
 * digest; whichever it was, its digest is recorded.
 *
 * @throws TidelockError `not-found` where a source gives no file, `digest-mismatch` for another than pinned
 */
export async function collectSpecs(
  context: CheckContext,
  sources: readonly SpecSource[],
): Promise<readonly Spec[]> {
  const globs = sources.flatMap((source) => ("tree" in source ? [source.tree] : []));
  const found =
    globs.length === 0
      ? []
      : await readTreeFiles(context.readTree(), {
          tree: context.tree,
          globs,
          maxFiles,
          maxBytes: maxSpecBytes,
        });
  const all = sources.flatMap((source): readonly Spec[] => {
    if ("pack" in source) return [packSpec(source.pack)];
    if ("text" in source) return [specOf(source.name, source.text, "demand")];
    return fromTree(source, found);
  });
  return [...new Map(all.map((spec) => [`${spec.owner}/${spec.file}`, spec])).values()];
}

function fromTree(
  { tree, sha256 }: Extract<SpecSource, { tree: string }>,
  files: Awaited<ReturnType<typeof readTreeFiles>>,
): readonly Spec[] {
  const fitting = files.filter(({ path }) => path === tree || matchesGlob(path, tree));
  if (fitting.length === 0) {
    throw new TidelockError("not-found", "the release has no such specification", {
      fault: "operator",
      where: tree,
      hint: "it is looked for in the release's tree, with the whole path from its root",
    });
  }
  return fitting.map(({ path, bytes }) => {
    const spec = specOf(path, decoded(path, bytes), "tree", bytes);
    if (sha256 === undefined || spec.sha256 === sha256) return spec;
    throw new TidelockError(
      "digest-mismatch",
      `the release brings another specification (sha256 ${spec.sha256}) than the demand pins`,
      { fault: "operator", where: path, hint: "read the new one, and pin its digest" },
    );
  });
}

function decoded(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new TidelockError("invalid-input", "it is not UTF-8", {
      fault: "operator",
      where: path,
    });
  }
}

function packSpec(name: string): Spec {
  const text = readFileSync(new URL(`./pack/${name}.feature`, import.meta.url), "utf8");
  return specOf(`pack/${name}.feature`, text, "pack");
}

function specOf(file: string, text: string, owner: Spec["owner"], bytes?: Buffer): Spec {
  const sha256 = createHash("sha256")
    .update(bytes ?? text)
    .digest("hex");
  return { file, text, sha256, owner };
}
