import { TidelockError } from "../../../model/errors.ts";
import type { CheckContext } from "../../../ports/check.ts";
import { fetchDescription } from "../../probing/description.ts";
import type { Prober } from "../../probing/prober.ts";
import { readTreeFiles } from "../../tree-files.ts";
import type { SeedFile } from "../cases/seed-files.ts";
import type { ApiFuzzConfiguration } from "../schema.ts";
import { type FuzzDocument, readFuzzDocument } from "./operation.ts";

/** Where descriptions usually lie in a repository, in the order in which they are believed. */
const folders = ["", "api/", "docs/", "spec/", "public/", "static/", "src/", "openapi/"];
const names = ["openapi", "swagger", "api"];
const ends = ["json", "yaml", "yml"];
const usualFiles: readonly string[] = folders.flatMap((folder) =>
  names.flatMap((name) => ends.map((end) => `${folder}${name}.${end}`)),
);
/** All of them at once: a tree may have very many files to be held against it. */
const usualGlob = `{${folders.join(",")}}{${names.join(",")}}.{${ends.join(",")}}`;
const mostDescription = 8_000_000;
const mostSeed = 262_144;

export interface Sources {
  readonly document: FuzzDocument | null;
  /** Where it was, or where it was looked for. */
  readonly from: string;
  readonly files: readonly SeedFile[];
}

/**
 * The description that the configuration names; without one, the first at the usual places of the release, then of
 * the service. A file that only looks like one (`api.json` of something else) is passed over.
 *
 * @throws TidelockError, when the one that is named cannot be read
 */
export async function findSources(
  context: Pick<CheckContext, "readTree" | "tree">,
  configuration: ApiFuzzConfiguration,
  prober: Prober,
): Promise<Sources> {
  const { openapi, seedFiles, descriptionPaths } = configuration;
  const searched = openapi === undefined && configuration.replay === undefined;
  const globs = [
    ...seedFiles,
    ...(openapi !== undefined && "file" in openapi ? [openapi.file] : []),
    ...(searched ? [usualGlob] : []),
  ];
  const read =
    globs.length === 0
      ? []
      : await readTreeFiles(context.readTree(), {
          tree: context.tree,
          globs,
          maxFiles: usualFiles.length + globs.length,
          maxBytes: mostDescription,
        });
  const tree = new Map(read.map(({ path, bytes }) => [path, bytes]));
  const files = seedFiles.map((path) => seedOf(path, tree.get(path)));
  if (openapi !== undefined) {
    if ("document" in openapi)
      return {
        document: await readFuzzDocument(openapi.document, "with.openapi.document"),
        from: "with.openapi.document",
        files,
      };
    if ("path" in openapi)
      return {
        document: await readFuzzDocument(
          await fetchDescription(openapi.path, prober),
          openapi.path,
        ),
        from: openapi.path,
        files,
      };
    const bytes = tree.get(openapi.file);
    if (bytes === undefined) throw missing("with.openapi.file", openapi.file);
    return {
      document: await readFuzzDocument(bytes.toString("utf8"), openapi.file),
      from: openapi.file,
      files,
    };
  }
  for (const path of searched ? usualFiles : []) {
    const bytes = tree.get(path);
    const document = bytes === undefined ? null : await tryReading(bytes.toString("utf8"), path);
    if (document !== null) return { document, from: `${path} of the release`, files };
  }
  for (const path of searched ? descriptionPaths : []) {
    const text = await fetchDescription(path, prober).catch((error: unknown) => {
      if (error instanceof Error && error.constructor === Error) return null;
      throw error;
    });
    const document = text === null ? null : await tryReading(text, path);
    if (document !== null) return { document, from: path, files };
  }
  return {
    document: null,
    from: `openapi.json and its like in the release, ${descriptionPaths.join(", ")} of the service`,
    files,
  };
}

async function tryReading(text: string, where: string): Promise<FuzzDocument | null> {
  try {
    return await readFuzzDocument(text, where);
  } catch (error) {
    if (error instanceof TidelockError) return null;
    throw error;
  }
}

function seedOf(path: string, bytes: Buffer | undefined): SeedFile {
  if (bytes === undefined) throw missing("with.seedFiles", path);
  if (bytes.length > mostSeed) {
    throw new TidelockError(
      "invalid-input",
      `${path} has ${bytes.length} bytes; a seed has at most ${mostSeed}`,
      { fault: "operator", where: "with.seedFiles" },
    );
  }
  return { name: path.split("/").at(-1) ?? path, type: "application/octet-stream", bytes };
}

function missing(where: string, path: string): TidelockError {
  return new TidelockError(
    "not-found",
    `the release has no file ${path} (or a longer one than is read)`,
    {
      fault: "operator",
      where,
      hint: "write a path from the release's root",
    },
  );
}
