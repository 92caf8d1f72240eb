import { z } from "zod";

const text = (most: number) => z.string().max(most);

/** One package that a release is made of, or asks for. */
export const FoundPackage = z.strictObject({
  ecosystem: z.enum(["npm", "PyPI", "Go"]),
  name: text(512),
  version: text(256),
  /** The file that names it. */
  path: text(4_096),
  /** Only for development, says the lock. */
  development: z.boolean(),
  /** Licence as written; only where the source says. */
  licences: z.array(text(1_000)).max(20),
  /** It stands in `node_modules`: it is shipped, and not only asked for. */
  installed: z.boolean(),
});
export type FoundPackage = z.infer<typeof FoundPackage>;

export const PackageList = z.strictObject({
  packages: z.array(FoundPackage),
  /** Paths that show packages in a form that is not read, the first of them; only where they were asked for. */
  signs: z.array(text(4_096)).optional(),
});
export type PackageList = z.infer<typeof PackageList>;

/** What a package is called by whoever speaks of it: purl-spec. */
export function purlOf({ ecosystem, name, version }: FoundPackage): string {
  const type = { npm: "npm", PyPI: "pypi", Go: "golang" }[ecosystem];
  const path = name
    .split("/")
    .map((part) => encodeURIComponent(part).replaceAll("%40", ecosystem === "npm" ? "%40" : "@"))
    .join("/");
  return `pkg:${type}/${path}@${encodeURIComponent(version)}`;
}
