import { z } from "zod";
import { checkShape, readJson } from "../read-json.ts";
import { bad, type Result } from "../result.ts";
import type { Statement } from "../statement.ts";
import type { Sbom, SbomFormat } from "./component.ts";
import { readCycloneDx } from "./cyclonedx.ts";
import { readSpdx } from "./spdx.ts";

const readers: Readonly<Record<SbomFormat, (value: unknown) => Result<Sbom>>> = {
  cyclonedx: readCycloneDx,
  spdx: readSpdx,
};

const Either = z.looseObject({ bomFormat: z.unknown(), spdxVersion: z.unknown() }).partial();

/** Which SBOM format a JSON value is in, or null. */
export function sbomFormat(value: unknown): SbomFormat | null {
  const read = checkShape(value, Either, "the SBOM");
  if (!read.ok) return null;
  if (read.value.bomFormat === "CycloneDX") return "cyclonedx";
  return typeof read.value.spdxVersion === "string" ? "spdx" : null;
}

/** CycloneDX or SPDX JSON as one list of components. */
export function readSbom(bytes: Uint8Array): Result<Sbom> {
  const value = readJson(bytes, z.unknown(), "the SBOM");
  if (!value.ok) return value;
  const format = sbomFormat(value.value);
  return format === null
    ? bad("this is neither a CycloneDX nor an SPDX document in JSON")
    : readers[format](value.value);
}

const predicates: readonly { readonly start: string; readonly format: SbomFormat }[] = [
  { start: "https://cyclonedx.org/bom", format: "cyclonedx" },
  { start: "https://spdx.dev/Document", format: "spdx" },
];

/** Whether a predicate type is one of the SBOM predicates. */
export function isSbomPredicate(predicateType: string): boolean {
  return predicates.some(({ start }) => predicateType.startsWith(start));
}

/** The SBOM that an attestation carries as its predicate. */
export function sbomOfStatement(statement: Statement): Result<Sbom> {
  const known = predicates.find(({ start }) => statement.predicateType.startsWith(start));
  if (known === undefined) return bad(`${statement.predicateType} is no SBOM`);
  return readers[known.format](statement.predicate);
}
