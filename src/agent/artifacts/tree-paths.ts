import { TidelockError } from "../../model/errors.ts";

/** Deeper than any chain of links that Linux itself would follow (path_resolution(7)). */
const maxLinks = 40;

/**
 * The normal form of a name in an archive. Refuses what could leave the folder it is unpacked into:
 * absolute names, `..`, zero bytes.
 */
export function safeEntryPath(name: string): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (name.startsWith("/") || name.includes("\0") || parts.includes("..")) {
    throw refused(name, "its path leaves the tree");
  }
  return parts.join("/");
}

/**
 * Whether a symbolic link, followed the way the kernel would, through other links of the tree, stays
 * inside. Looking at the text is not enough: in `a -> b/..`, what `..` means depends on what `b` is.
 *
 * @param links path of every symbolic link to its target
 */
export function staysInside(path: string, links: ReadonlyMap<string, string>): boolean {
  const resolved = path.split("/").slice(0, -1);
  const target = links.get(path);
  if (target === undefined) return true;
  const todo = target.split("/");
  if (target.startsWith("/") || target.includes("\0")) return false;
  for (let followed = 0; todo.length > 0;) {
    const part = todo.shift();
    if (part === undefined || part === "" || part === ".") continue;
    if (part === "..") {
      if (resolved.length === 0) return false;
      resolved.pop();
      continue;
    }
    resolved.push(part);
    const next = links.get(resolved.join("/"));
    if (next === undefined) continue;
    followed += 1;
    if (next.startsWith("/") || followed > maxLinks) return false;
    resolved.pop();
    todo.unshift(...next.split("/"));
  }
  return true;
}

export function refused(name: string, why: string): TidelockError {
  return new TidelockError("invalid-input", `the artifact holds ${JSON.stringify(name)}: ${why}`, {
    where: name,
    hint: "pack it again with `tidelock release create`",
  });
}
