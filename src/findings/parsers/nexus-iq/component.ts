import { z } from "zod";
import { listOf, words } from "../lenient.ts";
import { makePackageUrl, packagePlace } from "../package-url.ts";

const Coordinates = z.object({
  groupId: words,
  artifactId: words,
  packageId: words,
  name: words,
  version: words,
});

/** How every report of Nexus IQ names a component. */
export const componentFields = {
  packageUrl: words,
  displayName: z.unknown().optional(),
  hash: words,
  componentIdentifier: z
    .object({ format: words, coordinates: Coordinates.nullish() })
    .nullish()
    .catch(undefined),
  pathnames: listOf(words).catch([]),
};
const Component = z.object(componentFields);
export type Component = z.infer<typeof Component>;

/** The type of package URLs of each of its formats, where it is another word. */
const types: ReadonlyMap<string, string> = new Map([["bower", "npm"]]);

/** By its package URL; else by its coordinates; what it does not know has a name of a file or a hash alone. */
export function placeOf(component: Component) {
  const { packageUrl, componentIdentifier, displayName, hash, pathnames } = component;
  const { format = "", coordinates } = componentIdentifier ?? {};
  const { groupId, artifactId, packageId, version } = coordinates ?? {};
  const plain = artifactId ?? packageId ?? coordinates?.name;
  const name =
    groupId !== undefined && artifactId !== undefined ? `${groupId}:${artifactId}` : plain;
  const made = makePackageUrl(types.get(format) ?? format, name ?? "", version);
  // `a-name` is a component that is known by its name in JavaScript alone.
  const purl = packageUrl?.startsWith("pkg:a-name/") ? undefined : (packageUrl ?? made);
  const shown = typeof displayName === "string" ? displayName : undefined;
  const path = pathnames.find((one) => one !== undefined);
  return packagePlace({
    ...(purl === undefined ? { name: name ?? shown ?? path ?? hash } : {}),
    version,
    purl,
    path,
  });
}
