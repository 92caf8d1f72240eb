import type { PackageVersion } from "../../ports/advisory-source.ts";
import type { Component } from "./component.ts";

/** Types of package URLs whose packages advisories speak of, and what they call them (osv.dev, "Defined ecosystems"). */
const ecosystems: ReadonlyMap<string, { readonly ecosystem: string; readonly join: string }> =
  new Map([
    ["npm", { ecosystem: "npm", join: "/" }],
    ["pypi", { ecosystem: "PyPI", join: "/" }],
    ["golang", { ecosystem: "Go", join: "/" }],
    ["cargo", { ecosystem: "crates.io", join: "/" }],
    ["gem", { ecosystem: "RubyGems", join: "/" }],
    ["maven", { ecosystem: "Maven", join: ":" }],
    ["nuget", { ecosystem: "NuGet", join: "/" }],
    ["composer", { ecosystem: "Packagist", join: "/" }],
    ["hex", { ecosystem: "Hex", join: "/" }],
    ["pub", { ecosystem: "Pub", join: "/" }],
  ]);

/** Longer names and versions are nobody's, and would not fit in an index. */
const most = { name: 512, version: 200 };

/**
 * What advisories call a component; null for one without a package URL or version, and for what is no package of theirs
 * (a system package, a file). Source: purl-spec, `pkg:type/namespace/name@version?qualifiers#subpath`.
 */
export function packageOf({ purl, version }: Component): PackageVersion | null {
  if (purl === null) return null;
  const bare = purl.replace(/[?#].*$/s, "");
  const [, type = "", path = ""] = /^pkg:\/*([A-Za-z][\w.+-]*)\/(.+)$/is.exec(bare.trim()) ?? [];
  const known = ecosystems.get(type.toLowerCase());
  if (known === undefined) return null;
  // The @ of an npm scope may stand unescaped: a version's is the last one behind the last slash.
  const at = path.lastIndexOf("@");
  const split = at > path.lastIndexOf("/") && at > 0 ? at : path.length;
  const parts = path.slice(0, split).split("/").filter(Boolean).map(decoded);
  const name = spelt(
    known.ecosystem,
    [parts.slice(0, -1).join("/"), parts.at(-1)].filter(Boolean).join(known.join),
  );
  const said = decoded(path.slice(split + 1)) || version;
  if (name === "" || said === "" || name.length > most.name || said.length > most.version) {
    return null;
  }
  return { ecosystem: known.ecosystem, name: clean(name), version: clean(said) };
}

/** PyPI's names are equal without case and with any of `-_.` (PEP 503). */
function spelt(ecosystem: string, name: string): string {
  return ecosystem === "PyPI" ? name.toLowerCase().replaceAll(/[-_.]+/g, "-") : name;
}

/** As the database can hold it. */
function clean(text: string): string {
  return text.toWellFormed().replaceAll("\0", "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
