import { attributeOf, childOf, childrenOf, type Element } from "../xml.ts";

function textOf(element: Element | undefined, name: string): string | undefined {
  return element && childOf(element, name)?.text.trim();
}

/** The children of a list: `<references><reference/>…</references>`. */
function inList(element: Element | undefined, list: string, one: string): readonly Element[] {
  const found = element && childOf(element, list);
  return found ? childrenOf(found, one) : [];
}

/** A dependency as the JSON report writes it; identifiers of before 2.0 become what they are now. */
export function dependencyOf(element: Element): Record<string, unknown> {
  const identifiers = childOf(element, "identifiers");
  const named = (name: string) =>
    (identifiers ? childrenOf(identifiers, name) : []).map((one) => ({
      id: textOf(one, "id"),
      confidence: attributeOf(one, "confidence"),
    }));
  const older = (identifiers ? childrenOf(identifiers, "identifier") : []).map((one) => ({
    type: attributeOf(one, "type"),
    name: textOf(one, "name")?.replace(/^\((.*)\)$/, "$1") ?? "",
    confidence: attributeOf(one, "confidence"),
  }));
  const vulnerabilities = childOf(element, "vulnerabilities");
  const all = (name: string) =>
    (vulnerabilities ? childrenOf(vulnerabilities, name) : []).map(vulnerabilityOf);
  return {
    fileName: textOf(element, "fileName"),
    filePath: textOf(element, "filePath"),
    packages: [
      ...named("package"),
      ...older
        .filter(({ type }) => type !== "cpe")
        .map(({ type, name, confidence }) => ({ id: `${type}:${name}`, confidence })),
    ],
    vulnerabilityIds: [
      ...named("vulnerabilityIds"),
      ...older
        .filter(({ type }) => type === "cpe")
        .map(({ name, confidence }) => ({ id: name, confidence })),
    ],
    vulnerabilities: all("vulnerability"),
    suppressedVulnerabilities: [
      ...all("suppressedVulnerability"),
      ...inList(element, "suppressedVulnerabilities", "suppressedVulnerability").map(
        vulnerabilityOf,
      ),
    ],
  };
}

function vulnerabilityOf(element: Element): Record<string, unknown> {
  return {
    source: attributeOf(element, "source"),
    name: textOf(element, "name"),
    severity: textOf(element, "severity"),
    cvssScore: textOf(element, "cvssScore"),
    cvssv2: scoreOf(childOf(element, "cvssV2")),
    cvssv3: scoreOf(childOf(element, "cvssV3")),
    cvssv4: scoreOf(childOf(element, "cvssV4")),
    cwes: inList(element, "cwes", "cwe").map(({ text }) => text),
    cwe: textOf(element, "cwe"),
    description: textOf(element, "description"),
    notes: textOf(element, "notes"),
    references: inList(element, "references", "reference").map((one) => ({
      url: textOf(one, "url"),
      name: textOf(one, "name"),
    })),
    vulnerableSoftware: inList(element, "vulnerableSoftware", "software").map((one) => ({
      software: Object.fromEntries(one.attributes),
    })),
  };
}

function scoreOf(element: Element | undefined): Record<string, unknown> | undefined {
  return (
    element && Object.fromEntries(element.children.map(({ name, text }) => [name, text.trim()]))
  );
}

/** The report without its dependencies. */
export function frameOf(root: Element): Record<string, unknown> {
  const scan = childOf(root, "scanInfo");
  const project = childOf(root, "projectInfo");
  return {
    scanInfo: scan && {
      engineVersion: textOf(scan, "engineVersion"),
      analysisExceptions: inList(scan, "analysisExceptions", "exception").map((one) => ({
        exception: { message: textOf(one, "message") ?? one.text.trim() },
      })),
    },
    projectInfo: project && {
      name: textOf(project, "name"),
      groupID: textOf(project, "groupID"),
      artifactID: textOf(project, "artifactID"),
      reportDate: textOf(project, "reportDate"),
    },
    ...(childOf(root, "dependencies") ? { dependencies: [] } : {}),
  };
}
