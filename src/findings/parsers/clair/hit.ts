import type { Draft } from "../../observe.ts";
import { distributionOf } from "../distribution.ts";
import { namesOf } from "../package-names.ts";
import { type Rating, rank } from "../package-ratings.ts";
import { makePackageUrl, packagePlace } from "../package-url.ts";

export interface Named {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly namespace?: string | undefined;
}

export interface Hit extends Named {
  readonly ids: readonly (string | undefined)[];
  readonly ratings: readonly Rating[];
  readonly text: string | undefined;
  readonly links: readonly (string | undefined)[];
  readonly fixed: string | undefined;
}

/** A vulnerability of a package, whichever report it stands in. */
export function hit({ ids, ratings, text, links, name, version, namespace, fixed }: Hit): Draft {
  const { rule, aliases } = namesOf(ids);
  const references = links.flatMap((link) => link?.split(/\s+/) ?? []);
  return {
    kind: "dependency",
    rule,
    aliases,
    ...rank(ratings),
    title: `${name ?? "unnamed"} ${version ?? ""}: ${rule}`,
    message: text ?? "",
    place: packagePlace({ name, version, purl: purlOf(name, version, namespace) }),
    fixedIn: fixed === "0" || fixed === "" ? undefined : fixed,
    references,
  };
}

/** Of an unknown namespace nobody knows which package manager it is. */
function purlOf(name = "", version = "", namespace = ""): string | undefined {
  const found = distributionOf(namespace);
  if (found === undefined || name === "") return undefined;
  return makePackageUrl(found.type, `${found.vendor}/${name}`, version, { distro: found.distro });
}
