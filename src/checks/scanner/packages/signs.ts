import type { TreeEntry } from "../../../tree/tree-entry.ts";
import { lockReader } from "./lockfiles.ts";

/** Folders in which package managers lay down what is not one's own. */
const folders =
  /(?:^|\/)(?:node_modules|bower_components|jspm_packages|web_modules|\.yarn|vendor|vendored|third[-_]?party|site-packages|dist-packages|\.?venv|pods|carthage|[^/]+\.(?:dist-info|egg-info))(?:\/|$)/i;
/** Files that name packages and are not read here: of other package managers, or before anything is locked. */
const files =
  /(?:^|\/)(?:\.pnp\.[cm]?js|bower\.json|bun\.lockb?|deno\.(?:jsonc?|lock)|pipfile(?:\.lock)?|pyproject\.toml|(?:poetry|uv|pdm|cargo|composer|gemfile|mix|pubspec|podfile|package|paket|gradle)\.(?:lock|resolved|lockfile)|setup\.(?:py|cfg)|[^/]*requirements[^/]*\.(?:in|txt)|requirements\/[^/]+\.(?:in|txt)|environment\.ya?ml|gemfile|[^/]+\.gemspec|composer\.json|cargo\.toml|pom\.xml|build\.gradle(?:\.kts)?|build\.sbt|go\.(?:sum|work)|[^/]+\.(?:cs|fs|vb)proj|packages\.(?:config|lock\.json)|mix\.exs|pubspec\.yaml|package\.swift|podfile|conanfile\.(?:py|txt)|vcpkg\.json)$/i;
/** Packages, or compiled parts of them, as one file. */
const archives =
  /\.(?:jar|war|ear|whl|egg|gem|nupkg|crate|phar|tgz|asar|node|dll|dylib|a|so(?:\.[\d.]+)?)$/i;

/** What shows that a tree holds or asks for packages, beside the files that are read for their names. */
export function isPackageSign({ path, kind }: TreeEntry): boolean {
  if (folders.test(path)) return true;
  // A link is not followed, so what such a file would say is not known.
  if (kind === "symlink" && (isManifest(path) || lockReader(path) !== null)) return true;
  return (
    kind !== "directory" && lockReader(path) === null && (files.test(path) || archives.test(path))
  );
}

/** npm's own file of the service, which asks for packages before any lock does. */
export function isManifest(path: string): boolean {
  return /(?:^|\/)package\.json$/.test(path) && lockReader(path) === null;
}

/** Whether a `package.json` asks for packages that are there when the service runs. Throws for what is none. */
export function asksForPackages(text: string): boolean {
  const manifest: unknown = JSON.parse(text);
  if (typeof manifest !== "object" || manifest === null) throw new Error("it is no object");
  const asked = new Map(Object.entries(manifest));
  return [
    "dependencies",
    "optionalDependencies",
    "peerDependencies",
    "bundledDependencies",
    "bundleDependencies",
  ].some((key) => {
    const value: unknown = asked.get(key);
    if (value === undefined || value === null || value === false) return false;
    return typeof value !== "object" || Object.keys(value).length > 0;
  });
}
