import { z } from "zod";
import type { Draft } from "../../observe.ts";
import type { Summary } from "../format.ts";
import { listOf, words } from "../lenient.ts";
import { namesIn, namesOf } from "../package-names.ts";
import { packagePlace } from "../package-url.ts";

/** A package of SPDX 2, as JSON writes it; of tag-value the reader makes the same. */
export const SpdxPackage = z.object({
  name: words,
  versionInfo: words,
  externalRefs: listOf(
    z.object({
      referenceCategory: words,
      referenceType: words,
      referenceLocator: words,
      comment: words,
    }),
  ),
});
export type SpdxPackage = z.infer<typeof SpdxPackage>;

/**
 * One hit for each vulnerability that a package's security references name (annex F.2 of SPDX 2.3). A CPE is a name
 * of the package, and an address without a number is a page where one may look: neither says that something is wrong.
 */
export function hitsIn({ name, versionInfo, externalRefs }: SpdxPackage): readonly Draft[] {
  const purl = externalRefs.find(
    ({ referenceType, referenceLocator }) =>
      isType(referenceType, "purl") && referenceLocator?.startsWith("pkg:"),
  )?.referenceLocator;
  const advisories = externalRefs.filter(
    ({ referenceCategory, referenceType }) =>
      referenceCategory?.toUpperCase() === "SECURITY" &&
      ["advisory", "fix", "url"].some((type) => isType(referenceType, type)),
  );
  const links = new Map<string, { readonly urls: string[]; readonly comments: string[] }>();
  for (const { referenceLocator = "", comment } of advisories) {
    for (const id of namesIn(referenceLocator)) {
      const said = links.get(id) ?? { urls: [], comments: [] };
      links.set(id, said);
      if (said.urls.length < 8) said.urls.push(referenceLocator);
      if (comment !== undefined && said.comments.length < 8) said.comments.push(comment);
    }
  }
  const place = packagePlace({
    ...(purl === undefined ? { name } : {}),
    version: versionInfo,
    purl,
  });
  return [...links].map(([id, { urls, comments }]) => ({
    kind: "dependency",
    ...namesOf([id]),
    // SPDX 2 has no field for it.
    severity: null,
    title: `${place.name} ${place.version}: ${id}`,
    message: comments.join("\n"),
    place,
    references: urls,
  }));
}

/** By its word, or as the address of its definition. */
function isType(type: string | undefined, word: string): boolean {
  const plain = type?.toLowerCase();
  return plain === word || (plain?.endsWith(`/${word}`) ?? false);
}

/** `Tool: syft-1.50.0` among the creators. */
export function toolAmong(creators: readonly string[]): Summary["tool"] {
  const tool = creators
    .find((one) => /^Tool:/i.test(one))
    ?.slice(5)
    .trim();
  if (tool === undefined || tool === "") return undefined;
  const [, name = tool, version = "unknown"] =
    /^(.{1,200}?)[- ]v?(\d[^\s]{0,100})$/.exec(tool) ?? [];
  return { name, version };
}

export const inventory =
  "a bill of materials: vulnerabilities that it does not name may not have been looked for";
