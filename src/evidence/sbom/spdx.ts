import { z } from "zod";
import type { Digest } from "../../model/primitives.ts";
import { checkShape } from "../read-json.ts";
import { bad, good, type Result } from "../result.ts";
import { byName, type Component, type Sbom } from "./component.ts";

/** Reads SPDX 2.3 (and 2.2) JSON (spdx.github.io/spdx-spec/v2.3). */

const Package = z.object({
  SPDXID: z.string(),
  name: z.string(),
  versionInfo: z.string().optional(),
  licenseConcluded: z.string().optional(),
  licenseDeclared: z.string().optional(),
  checksums: z.array(z.object({ algorithm: z.string(), checksumValue: z.string() })).optional(),
  externalRefs: z
    .array(z.object({ referenceType: z.string(), referenceLocator: z.string() }))
    .optional(),
});
type Package = z.infer<typeof Package>;

const Document = z.object({
  spdxVersion: z.string(),
  packages: z.array(Package).optional(),
  documentDescribes: z.array(z.string()).optional(),
  relationships: z
    .array(
      z.object({
        spdxElementId: z.string(),
        relationshipType: z.string(),
        relatedSpdxElement: z.string(),
      }),
    )
    .optional(),
});
type Document = z.infer<typeof Document>;

export function readSpdx(value: unknown): Result<Sbom> {
  const document = checkShape(value, Document, "the SPDX SBOM");
  if (!document.ok) return document;
  const { spdxVersion, packages = [] } = document.value;
  if (!["SPDX-2.2", "SPDX-2.3"].includes(spdxVersion)) {
    return bad(`${spdxVersion} is not read; SPDX-2.2 and SPDX-2.3 are`);
  }
  const described = describedBy(document.value);
  const subject = packages.find(({ SPDXID }) => described.has(SPDXID));
  return good({
    format: "spdx",
    formatVersion: spdxVersion,
    subject:
      subject === undefined
        ? null
        : {
            name: subject.name,
            version: subject.versionInfo ?? "",
            digests: digestsOf(subject),
          },
    components: packages
      .filter(({ SPDXID }) => !described.has(SPDXID))
      .map(toComponent)
      .sort(byName),
  });
}

/** The packages that the document is about; 2.3 says it as a relationship, older ones in a list. */
function describedBy({ documentDescribes, relationships }: Document): ReadonlySet<string> {
  const related = (relationships ?? []).flatMap((one) => {
    const from = one.spdxElementId === "SPDXRef-DOCUMENT";
    return from && one.relationshipType === "DESCRIBES" ? [one.relatedSpdxElement] : [];
  });
  return new Set([...(documentDescribes ?? []), ...related]);
}

function toComponent(found: Package): Component {
  const purl = (found.externalRefs ?? []).find(({ referenceType }) => referenceType === "purl");
  const licences = [found.licenseConcluded, found.licenseDeclared].filter(
    (text): text is string => text !== undefined && text !== "NOASSERTION" && text !== "NONE",
  );
  return {
    name: found.name,
    version: found.versionInfo ?? "",
    purl: purl?.referenceLocator ?? null,
    licences: licences.slice(0, 1),
    hashes: Object.fromEntries(
      (found.checksums ?? []).map(({ algorithm, checksumValue }) => [
        algorithm.replace(/^SHA(\d)/, "SHA-$1"),
        checksumValue.toLowerCase(),
      ]),
    ),
  };
}

function digestsOf({ checksums }: Package): Digest[] {
  return (checksums ?? [])
    .filter(
      ({ algorithm, checksumValue }) =>
        algorithm === "SHA256" && /^[0-9a-fA-F]{64}$/.test(checksumValue),
    )
    .map(({ checksumValue }) => `sha256:${checksumValue.toLowerCase()}`);
}
