import type { DraftPlace } from "../observe.ts";

export interface PackageUrl {
  readonly type: string;
  /** As its ecosystem writes it: `@scope/name`, `group:artifact`, `github.com/owner/module`. */
  readonly name: string;
  readonly version: string;
}

/** Types whose package is named by its namespace as well; of a distribution's it is only the distribution. */
const joined: ReadonlyMap<string, string> = new Map([
  ["maven", ":"],
  ["npm", "/"],
  ["golang", "/"],
  ["composer", "/"],
  ["github", "/"],
  ["gitlab", "/"],
  ["bitbucket", "/"],
  ["swift", "/"],
  ["clojars", "/"],
  ["huggingface", "/"],
]);

/** Reads a package URL (purl-spec: `pkg:type/namespace/name@version?qualifiers#subpath`); undefined for what is none. */
export function readPackageUrl(text: string): PackageUrl | undefined {
  if (text.length > 2_048) return undefined;
  const plain = text.split(/[?#]/, 1)[0] ?? "";
  const found = /^pkg:\/{0,2}([A-Za-z][A-Za-z0-9.+-]{0,63})\/(.+)$/.exec(plain.trim());
  const [, type = "", rest = ""] = found ?? [];
  // The @ of an npm scope may stand unescaped, so a version's is the last one behind the last slash.
  const at = rest.lastIndexOf("@");
  const split = at > 0 && at > rest.lastIndexOf("/") ? at : rest.length;
  const path = rest.slice(0, split).split("/").filter(Boolean).map(decoded);
  const last = path.at(-1);
  if (last === undefined) return undefined;
  const word = type.toLowerCase();
  const separator = joined.get(word);
  const name =
    separator === undefined || path.length < 2
      ? last
      : [path.slice(0, -1).join("/"), last].join(separator);
  return { type: word, name, version: decoded(rest.slice(split + 1)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where a report names a package as it likes: what its package URL says fills in what was left out. */
export function packagePlace(named: {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly purl?: string | undefined;
  readonly path?: string | undefined;
}): Extract<DraftPlace, { kind: "package" }> {
  const read = named.purl === undefined ? undefined : readPackageUrl(named.purl);
  return {
    kind: "package",
    name: named.name ?? read?.name ?? named.purl ?? "unnamed",
    version: named.version ?? read?.version ?? "",
    ...(read === undefined ? {} : { purl: named.purl }),
    ...(named.path === undefined ? {} : { path: named.path }),
  };
}

/**
 * A package URL out of an ecosystem's own words; undefined for a type that is not known, since a guessed one would
 * name another package.
 */
export function makePackageUrl(
  type: string,
  name: string,
  version = "",
  qualifiers: Readonly<Record<string, string>> = {},
): string | undefined {
  const known = types.get(type.toLowerCase());
  if (known === undefined || name === "") return undefined;
  const path = (known === "maven" ? name.replace(":", "/") : name)
    .split("/")
    .map(escaped)
    .join("/");
  const entries = Object.entries(qualifiers).filter(([, value]) => value !== "");
  const query = entries.map(([key, value]) => `${key}=${escaped(value)}`).join("&");
  return `pkg:${known}/${path}${version === "" ? "" : `@${escaped(version)}`}${query === "" ? "" : `?${query}`}`;
}

function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll("%3A", ":").replaceAll("%2B", "+");
}

const types: ReadonlyMap<string, string> = new Map([
  ["apk", "apk"],
  ["apkg", "apk"],
  ["bower", "bower"],
  ["cargo", "cargo"],
  ["cocoapods", "cocoapods"],
  ["composer", "composer"],
  ["packagist", "composer"],
  ["conan", "conan"],
  ["conda", "conda"],
  ["cran", "cran"],
  ["crates.io", "cargo"],
  ["deb", "deb"],
  ["dpkg", "deb"],
  ["gem", "gem"],
  ["rubygems", "gem"],
  ["go", "golang"],
  ["golang", "golang"],
  ["hackage", "hackage"],
  ["hex", "hex"],
  ["java", "maven"],
  ["maven", "maven"],
  ["npm", "npm"],
  ["nuget", "nuget"],
  ["pub", "pub"],
  ["pypi", "pypi"],
  ["python", "pypi"],
  ["rpm", "rpm"],
  ["swift", "swift"],
]);
