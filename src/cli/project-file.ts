import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { TidelockError } from "../model/errors.ts";
import type { Pipeline } from "../model/pipeline.ts";

/**
 * The folder's `tidelock.yaml`. It may say which *service* is meant and nothing else: a file that comes
 * with somebody's repository must not choose the server that our token is sent to.
 */
export const projectFileName = "tidelock.yaml";
const maxBytes = 256_000;

export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

export function findProjectFile(folder: string): string | null {
  const path = join(folder, projectFileName);
  return existsSync(path) ? path : null;
}

/**
 * @param option that named it; none: it is where one is expected
 * @throws TidelockError `not-found` or `invalid-input` (too large, unreadable)
 */
export function readProjectFile(path: string, option?: string): ProjectFile {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    const hint =
      option === undefined
        ? "`tidelock init` writes a first one; --file names another"
        : `${option} names a file of Environment and Pipeline documents that is there`;
    const message = option === undefined ? "there is no pipeline file" : "there is no such file";
    throw new TidelockError("not-found", message, { fault: "operator", where: path, hint });
  }
  if (size > maxBytes) {
    throw new TidelockError("invalid-input", "the pipeline file is larger than 256 kB", {
      fault: "operator",
      where: path,
    });
  }
  try {
    return { path, text: readFileSync(path, "utf8") };
  } catch (error) {
    throw new TidelockError("invalid-input", "the pipeline file cannot be read", {
      fault: "operator",
      where: path,
      cause: error,
    });
  }
}

/** The pipelines of a file, in its order. Throws `invalid-input` with every problem. */
export async function readPipelines(file: ProjectFile): Promise<readonly Pipeline[]> {
  const { parseDocuments } = await import("../pipeline-file/parse.ts");
  return parseDocuments(file.path, file.text).pipelines;
}
