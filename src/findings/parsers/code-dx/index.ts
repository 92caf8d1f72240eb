import type { Draft, DraftPlace } from "../../observe.ts";
import type { Format } from "../format.ts";
import { ownFields, ownKey } from "../own-fields.ts";
import { severityOfWord } from "../severity-words.ts";
import { attributeOf, childOf, childrenOf, type Element } from "../xml.ts";

/** The exchange format of Code Dx (now Software Risk Manager): `<report><findings><finding severity="high">`. */
export const codeDx: Format = {
  id: "code-dx",
  title: "Code Dx (XML)",
  syntax: "xml",
  items: [{ path: ["report", "findings", "finding"] }],
  recognise: (sample) =>
    sample.syntax === "xml" && sample.root === "report" && sample.children.includes("findings"),
  open(frame) {
    const report = frame as Element;
    if (!childOf(report, "findings")) throw new Error("the report has no <findings>");
    let tool = attributeOf(report, "tool");
    return {
      item(value) {
        const finding = value as Element;
        tool ??= attributeOf(childOf(finding, "tool"), "name");
        return [draftOf(finding)];
      },
      end: () => ({
        ...(tool ? { tool: { name: tool, version: "unknown" } } : {}),
        complete: true,
      }),
    };
  },
};

function draftOf(finding: Element): Draft {
  const tool = childOf(finding, "tool");
  const native = childOf(finding, "native-id");
  const id = attributeOf(native, "value");
  const values = childOf(finding, "metadata");
  const own = values && childrenOf(values, "value").find((one) => keyOf(one) === ownKey);
  const message = childOf(finding, "description")?.text.trim();
  return {
    rule: attributeOf(tool, "code") ?? attributeOf(tool, "category") ?? "",
    // `unspecified` is its word for none.
    severity: severityOfWord(attributeOf(finding, "severity")),
    title: attributeOf(tool, "code") ?? message,
    message,
    place: placeOf(finding),
    cwe: childrenOf(finding, "cwe").map((one) => Number(attributeOf(one, "id"))),
    ...(id ? { fingerprints: { [`code-dx-${attributeOf(native, "name") ?? "id"}`]: id } } : {}),
    ...ownFields(own?.text),
  } as Draft;
}

function keyOf(element: Element): string | undefined {
  return attributeOf(element, "key");
}

function placeOf(finding: Element): DraftPlace {
  const location = childOf(finding, "location");
  const path = attributeOf(location, "path") ?? "";
  const variants = location && childOf(location, "variants");
  const variant = variants && childOf(variants, "variant");
  const request = variant && childOf(variant, "request");
  const type = attributeOf(location, "type");
  if (type === "url" || request) {
    return { kind: "http", method: attributeOf(request, "method") ?? "GET", route: routeOf(path) };
  }
  if (path === "" || type === "logical") return { kind: "resource", name: path || "unknown" };
  const line = Number(attributeOf(location && childOf(location, "line"), "start"));
  return { kind: "file", path, ...(line > 0 ? { line } : {}) };
}

function routeOf(path: string): string {
  return URL.canParse(path) ? new URL(path).pathname : path;
}
