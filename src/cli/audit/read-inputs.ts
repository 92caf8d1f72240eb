import { lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import { TrustRoot } from "../../model/trust.ts";
import type { PackInput } from "../../audit/read-pack.ts";
import { defaultZipLimits } from "../../audit/zip/read-zip.ts";

/** What `audit verify` reads from this machine: a pack, a trust root, checkpoints seen elsewhere. */

/** A zip, or a folder into which one was unpacked. Only plain files are looked at; links are refused. */
export function readPackInput(path: string): PackInput {
  try {
    if (!statSync(path).isDirectory()) return bounded(path, defaultZipLimits.bytes);
    const files = new Map<string, Uint8Array>();
    const budget = { bytes: defaultZipLimits.bytes };
    readFolder(path, "", files, budget);
    return files;
  } catch (error) {
    throw unreadable(error, path, "the pack");
  }
}

function readFolder(
  root: string,
  folder: string,
  files: Map<string, Uint8Array>,
  budget: { bytes: number },
): void {
  for (const name of readdirSync(join(root, folder)).sort()) {
    const inside = folder === "" ? name : `${folder}/${name}`;
    const path = join(root, inside);
    const kind = lstatSync(path);
    if (kind.isDirectory() && inside.split("/").length < 5) readFolder(root, inside, files, budget);
    else if (!kind.isFile() || files.size === defaultZipLimits.files) {
      throw new TidelockError(
        "invalid-input",
        "an unpacked pack holds plain files only, not too many",
        {
          fault: "operator",
          where: path,
        },
      );
    } else {
      const bytes = bounded(path, budget.bytes);
      budget.bytes -= bytes.length;
      files.set(inside, bytes);
    }
  }
}

function bounded(path: string, limit: number): Uint8Array {
  const { size } = statSync(path);
  if (size <= limit) return Uint8Array.from(readFileSync(path));
  throw new TidelockError(
    "invalid-input",
    `it is too large: ${size} bytes; at most ${limit} are read`,
    {
      fault: "operator",
      where: path,
      hint: "export a shorter time or one release",
    },
  );
}

/** @param anchors files with one signed note each, e.g. from a git repository of checkpoints */
export function readTrust(path: string, anchors: readonly string[]): TrustRoot {
  const text = readText(path, "the trust root");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TidelockError("invalid-input", "the trust root is not JSON", {
      fault: "operator",
      where: path,
      hint: "docs/audit.md shows one",
    });
  }
  const trust = TrustRoot.safeParse(value);
  if (trust.success) {
    const more = anchors.map((file) => ({ note: readText(file, "the anchor"), from: file }));
    return { ...trust.data, anchors: [...trust.data.anchors, ...more] };
  }
  const [issue] = trust.error.issues;
  throw new TidelockError("invalid-input", `the trust root does not fit: ${issue?.message ?? ""}`, {
    fault: "operator",
    where: `${path}: ${issue?.path.join(".") ?? ""}`,
    hint: "docs/audit.md shows one",
  });
}

export function readText(path: string, what: string): string {
  try {
    return Buffer.from(bounded(path, 1_000_000)).toString("utf8");
  } catch (error) {
    throw unreadable(error, path, what);
  }
}

function unreadable(error: unknown, where: string, what: string): TidelockError {
  if (error instanceof TidelockError) return error;
  return new TidelockError("invalid-input", `${what} cannot be read`, {
    fault: "operator",
    where,
    hint: (error as Error).message,
  });
}
