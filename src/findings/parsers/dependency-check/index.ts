import { type Format, fieldsOf, isRecord } from "../format.ts";
import type { Element } from "../xml.ts";
import { readReport } from "./read.ts";
import { dependencyOf, frameOf } from "./xml.ts";

/** `dependency-check --format JSON`. */
export const dependencyCheck: Format = {
  id: "dependency-check",
  title: "OWASP Dependency-Check (JSON)",
  syntax: "json",
  items: [{ path: ["dependencies", "*"] }],
  recognise(sample) {
    const value = fieldsOf(sample);
    return (
      typeof value?.["reportSchema"] === "string" &&
      Array.isArray(value["dependencies"]) &&
      isRecord(value["scanInfo"])
    );
  },
  open(frame) {
    if (!isRecord(frame) || !isRecord(frame["scanInfo"])) throw new Error("it has no scanInfo");
    return readReport(frame, (item) => item);
  },
};

/** `dependency-check --format XML`, since 1.3 of its schema. */
export const dependencyCheckXml: Format = {
  id: "dependency-check-xml",
  title: "OWASP Dependency-Check (XML)",
  syntax: "xml",
  items: [{ path: ["analysis", "dependencies", "dependency"] }],
  recognise(sample) {
    if (sample.syntax !== "xml" || sample.root !== "analysis") return false;
    return (
      /dependency-check/i.test(sample.attributes.get("xmlns") ?? "") ||
      (sample.children.includes("scanInfo") && sample.children.includes("dependencies"))
    );
  },
  open(frame) {
    if (!isElement(frame) || frame.name !== "analysis") throw new Error("the root is no analysis");
    return readReport(frameOf(frame), (item) => (isElement(item) ? dependencyOf(item) : item));
  },
};

function isElement(value: unknown): value is Element {
  return isRecord(value) && "children" in value && "attributes" in value;
}
