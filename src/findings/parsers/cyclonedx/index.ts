import type { Draft } from "../../observe.ts";
import { type Format, fieldsOf, isRecord } from "../format.ts";
import type { Element } from "../xml.ts";
import { readBom } from "./read.ts";
import {
  bomOf,
  childNamed,
  childrenNamed,
  componentOf,
  localName,
  vulnerabilityOf,
} from "./xml.ts";

/**
 * CycloneDX 1.2 to 1.6 (ECMA-424) in JSON: a bill of materials with its vulnerabilities (VDR), and statements about
 * them (VEX). An observation for each package that a vulnerability affects.
 */
export const cyclonedx: Format = {
  id: "cyclonedx",
  title: "CycloneDX (JSON)",
  syntax: "json",
  items: [
    { path: ["components", "*"] },
    { path: ["services", "*"] },
    { path: ["vulnerabilities", "*"], pass: 2 },
  ],
  recognise: (sample) => fieldsOf(sample)?.["bomFormat"] === "CycloneDX",
  open(frame) {
    if (!isRecord(frame) || frame["bomFormat"] !== "CycloneDX") {
      throw new Error("its bomFormat is not CycloneDX");
    }
    const bom = readBom(frame);
    return {
      item(value, { item }) {
        if (item === 2) return bom.vulnerability(value);
        bom.component(value);
        return [];
      },
      end: () => bom.end(),
    };
  },
};

/** The same in XML, with the extension for vulnerabilities that 1.0 to 1.3 had. */
export const cyclonedxXml: Format = {
  id: "cyclonedx-xml",
  title: "CycloneDX (XML)",
  syntax: "xml",
  items: [
    { path: ["bom", "components", "component"] },
    { path: ["bom", "services", "service"] },
    { path: ["bom", "vulnerabilities", "vulnerability"], pass: 2 },
    { path: ["bom", "v:vulnerabilities", "v:vulnerability"], pass: 2 },
  ],
  recognise(sample) {
    if (sample.syntax !== "xml") return false;
    const spaces = [...sample.attributes].filter(([name]) => name.startsWith("xmlns"));
    const isBom = sample.root === "bom" || sample.root.endsWith(":bom");
    return isBom && spaces.some(([, value]) => value.includes("cyclonedx.org/schema/bom"));
  },
  open(frame) {
    if (!isElement(frame) || localName(frame) !== "bom") throw new Error("the root is no bom");
    const bom = readBom(bomOf(frame));
    let extended = false;
    let count = 0;
    /** Older ones list a component's vulnerabilities inside of it. */
    const hitsIn = (element: Element): readonly Draft[] => {
      const component = componentOf(element);
      const own = childNamed(element, "vulnerabilities");
      count += 1;
      const ref = component["bom-ref"] ?? component["purl"] ?? `component ${count}`;
      bom.component({ ...component, "bom-ref": ref });
      extended ||= own !== undefined;
      return childrenNamed(own, "vulnerability").flatMap((one) => {
        const read = vulnerabilityOf(one);
        return bom.vulnerability(
          one.attributes.has("ref") ? read : { ...read, affects: [{ ref }] },
        );
      });
    };
    const hitsOf = (element: Element): readonly Draft[] =>
      bom.vulnerability(vulnerabilityOf(element));
    // Whoever gives every element a prefix has everything in the frame.
    const early = partsOf(frame).flatMap(hitsIn);
    return {
      item(value, { item }) {
        if (!isElement(value)) return [];
        return item >= 2 ? hitsOf(value) : hitsIn(value);
      },
      end() {
        const late = childrenNamed(childNamed(frame, "vulnerabilities"), "vulnerability");
        return { ...bom.end(extended), drafts: [...early, ...late.flatMap(hitsOf)] };
      },
    };
  },
};

function partsOf(frame: Element): readonly Element[] {
  return [
    ...childrenNamed(childNamed(frame, "components"), "component"),
    ...childrenNamed(childNamed(frame, "services"), "service"),
  ];
}

function isElement(value: unknown): value is Element {
  return isRecord(value) && "children" in value && "attributes" in value;
}
