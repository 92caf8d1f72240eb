import { isRecord } from "../format.ts";

/** An element of a graph: properties by their plain names, whatever profile's prefix they bear. */
export interface Element3 {
  readonly id: string;
  /** `Vulnerability` of `security_Vulnerability` and of the whole address. */
  readonly kind: string;
  text(property: string): string | undefined;
  /** Ids that it refers to, or those of elements that stand inside of it. */
  list(property: string): readonly string[];
  /** Of external identifiers of these types. */
  identifiers(type: RegExp): readonly string[];
  /** Of external references of these types. */
  links(type: RegExp): readonly string[];
  /** Where external identifiers can be looked up. */
  locators(): readonly string[];
}

export function elementOf(value: Readonly<Record<string, unknown>>): Element3 {
  const properties = new Map(Object.entries(value).map(([key, one]) => [plainName(key), one]));
  const text = (property: string) => textOf(properties.get(property));
  const all = (property: string): readonly unknown[] => {
    const found = properties.get(property);
    return found === undefined || found === null ? [] : Array.isArray(found) ? found : [found];
  };
  const records = (property: string) =>
    all(property)
      .filter(isRecord)
      .map((one) => new Map(Object.entries(one).map(([key, inner]) => [plainName(key), inner])));
  return {
    id: text("spdxId") ?? textOf(value["@id"]) ?? "",
    kind: plainName(text("type") ?? textOf(value["@type"]) ?? ""),
    text,
    list: (property) =>
      all(property).flatMap((one) => {
        const id = isRecord(one) ? textOf(one["spdxId"] ?? one["@id"]) : textOf(one);
        return id ?? [];
      }),
    identifiers: (type) =>
      records("externalIdentifier")
        .filter((one) => type.test(plainName(textOf(one.get("externalIdentifierType")) ?? "")))
        .flatMap((one) => textOf(one.get("identifier")) ?? []),
    links: (type) =>
      records("externalRef")
        .filter((one) => type.test(plainName(textOf(one.get("externalRefType")) ?? "")))
        .flatMap((one) => textsOf(one.get("locator"))),
    locators: () =>
      records("externalIdentifier").flatMap((one) => textsOf(one.get("identifierLocator"))),
  };
}

/** `security_score`, `https://spdx.org/rdf/3.0.1/terms/Security/score` and `score` are one. */
function plainName(name: string): string {
  return name
    .slice(0, 200)
    .replace(/^.*[/#]/, "")
    .replace(
      /^(?:security|software|ai|dataset|build|core|simplelicensing|expandedlicensing|extension)_/,
      "",
    );
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? value.trim() || undefined : undefined;
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((one: unknown) => textOf(one) ?? []);
}
