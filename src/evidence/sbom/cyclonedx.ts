import { z } from "zod";
import type { Digest } from "../../model/primitives.ts";
import { checkShape } from "../read-json.ts";
import { bad, good, type Result } from "../result.ts";
import { byName, type Component, type Sbom } from "./component.ts";

/** Reads CycloneDX JSON 1.4 to 1.6 (cyclonedx.org/docs). */

const Licence = z.object({
  expression: z.string().optional(),
  license: z.object({ id: z.string().optional(), name: z.string().optional() }).optional(),
});

const BomComponent = z.object({
  name: z.string(),
  group: z.string().optional(),
  version: z.string().optional(),
  purl: z.string().optional(),
  licenses: z.array(Licence).optional(),
  hashes: z.array(z.object({ alg: z.string(), content: z.string() })).optional(),
  components: z.array(z.unknown()).optional(),
});
type BomComponent = z.infer<typeof BomComponent>;

const Bom = z.object({
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.string(),
  metadata: z.object({ component: BomComponent.optional() }).optional(),
  components: z.array(z.unknown()).optional(),
});

/** Deeper nesting is nobody's software. */
const maxDepth = 32;

export function readCycloneDx(value: unknown): Result<Sbom> {
  const bom = checkShape(value, Bom, "the CycloneDX SBOM");
  if (!bom.ok) return bom;
  const { specVersion, metadata } = bom.value;
  if (!["1.4", "1.5", "1.6"].includes(specVersion)) {
    return bad(`CycloneDX ${specVersion} is not read; 1.4, 1.5 and 1.6 are`);
  }
  const components: Component[] = [];
  const problem = collect(bom.value.components ?? [], components, 0);
  if (problem !== null) return bad(problem);
  const subject = metadata?.component;
  return good({
    format: "cyclonedx",
    formatVersion: specVersion,
    subject:
      subject === undefined
        ? null
        : {
            name: fullName(subject),
            version: subject.version ?? "",
            digests: digestsOf(subject.hashes ?? []),
          },
    components: components.sort(byName),
  });
}

/** Components stand in components: all of them count. */
function collect(found: readonly unknown[], into: Component[], depth: number): string | null {
  if (depth > maxDepth) return `its components are nested more than ${maxDepth} deep`;
  for (const value of found) {
    const read = checkShape(value, BomComponent, "a component of the SBOM");
    if (!read.ok) return read.problem;
    into.push(toComponent(read.value));
    const problem = collect(read.value.components ?? [], into, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

function toComponent(component: BomComponent): Component {
  return {
    name: fullName(component),
    version: component.version ?? "",
    purl: component.purl ?? null,
    licences: (component.licenses ?? [])
      .flatMap(({ expression, license }) => expression ?? license?.id ?? license?.name ?? [])
      .sort(),
    hashes: Object.fromEntries(
      (component.hashes ?? []).map(({ alg, content }) => [alg, content.toLowerCase()]),
    ),
  };
}

function fullName({ group, name }: BomComponent): string {
  return group === undefined || group === "" ? name : `${group}/${name}`;
}

function digestsOf(hashes: readonly { alg: string; content: string }[]): Digest[] {
  return hashes
    .filter(({ alg, content }) => alg === "SHA-256" && /^[0-9a-fA-F]{64}$/.test(content))
    .map(({ content }) => `sha256:${content.toLowerCase()}`);
}
