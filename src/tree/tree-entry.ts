import { isUtf8 } from "node:buffer";
import { TidelockError } from "../model/errors.ts";

/**
 * What a release's tree consists of. Paths are relative, with `/` between names, and valid UTF-8;
 * owners, times and extended attributes are not part of a tree.
 */
export type TreeEntry =
  | { readonly kind: "directory"; readonly path: string }
  | {
      readonly kind: "file";
      readonly path: string;
      readonly executable: boolean;
      /** Bytes. */
      readonly size: number;
    }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string };

/** PATH_MAX and NAME_MAX of Linux; macOS allows less and then answers for itself. */
const maxPathBytes = 4_000;
const maxNameBytes = 255;

/**
 * Control characters (escape sequences, line ends) and marks that turn the direction of text: in a listing, a
 * log or a page such a name says something else than it is.
 */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** As it may stand in an error, which ends on a terminal. */
export function printable(path: string): string {
  return path.replaceAll(new RegExp(unprintable, "gu"), "?");
}

/** `.git` holds history and credentials, `.tidelock` our own data: neither is ever part of a release. */
export const reservedNames: ReadonlySet<string> = new Set([".git", ".tidelock"]);

/** The order of entries: by the bytes of the path, so that it depends on no locale. */
export function comparePaths(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** @throws TidelockError `invalid-input` for a path that is not plainly inside the tree */
export function checkPath(path: string): void {
  const names = path.split("/");
  const bad = names.find((name) => name === "" || name === "." || name === "..");
  if (bad !== undefined)
    refuse(path, `it has the part "${bad}"`, "a path inside the tree is needed");
  const reserved = names.find((name) => reservedNames.has(name));
  if (reserved) refuse(path, `${reserved} is never part of a release`, "leave it out");
  if (path.includes("\0")) refuse(path, "it has a zero byte", "rename the file");
  if (unprintable.test(path)) {
    refuse(path, "its name would write on a terminal what it is not", "rename the file");
  }
  const long = Buffer.byteLength(path) > maxPathBytes;
  if (long || names.some((name) => Buffer.byteLength(name) > maxNameBytes)) {
    refuse(path.slice(0, 200), "it is too long", `use names up to ${maxNameBytes} bytes`);
  }
}

/**
 * A link may point anywhere inside the tree, but only in the form `../../name/name`: with `..` behind a
 * name, another link on the way could lead it out although it looks harmless.
 *
 * @throws TidelockError `invalid-input` for an absolute target, or one that may leave the tree
 */
export function checkLink(path: string, target: string): void {
  if (target === "" || target.includes("\0")) refuseLink(path, target, "it points nowhere");
  if (target.startsWith("/")) refuseLink(path, target, "it points to an absolute path");
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const up = parts.findIndex((part) => part !== "..");
  const levels = up === -1 ? parts.length : up;
  if (parts.slice(levels).includes("..")) {
    refuseLink(path, target, "it goes up again behind a name, which may lead out of the tree");
  }
  if (levels > path.split("/").length - 1) refuseLink(path, target, "it leads out of the tree");
  if (Buffer.byteLength(target) > maxPathBytes) refuseLink(path, target, "it is too long");
  if (unprintable.test(target)) refuseLink(path, target, "it has control characters");
}

/** @throws TidelockError `invalid-input` for bytes that are no UTF-8: they would read differently elsewhere */
export function decodeName(bytes: Buffer, what: string): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  refuse(`${bytes.toString("latin1")}`, `${what} is not valid UTF-8`, "rename the file");
}

function refuse(path: string, why: string, hint: string): never {
  const shown = JSON.stringify(printable(path));
  throw new TidelockError("invalid-input", `the path ${shown} is refused: ${why}`, {
    fault: "operator",
    where: printable(path),
    hint,
  });
}

function refuseLink(path: string, target: string, why: string): never {
  throw new TidelockError(
    "invalid-input",
    `the symbolic link ${JSON.stringify(printable(path))} -> ${JSON.stringify(printable(target.slice(0, 200)))} is refused: ${why}`,
    {
      fault: "operator",
      where: printable(path),
      hint: "point it at a file of the same tree, replace it by the file, or exclude it",
    },
  );
}
