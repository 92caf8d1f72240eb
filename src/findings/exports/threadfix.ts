import { ownKey } from "../parsers/own-fields.ts";
import type { Severity } from "../../model/observation.ts";
import type { ExportedFinding, Exporter } from "./exported.ts";
import { ownText } from "./generic.ts";

/** A ThreadFix file, which parsers/threadfix reads back; what it has no field for stands in a finding's metadata. */
export const exportThreadfix: Exporter = async function* (findings, about) {
  // Its times have no fraction of a second.
  const at = `${about.at.slice(0, 19)}Z`;
  const frame = { created: at, updated: at, exported: at, collectionType: "MIXED" };
  yield `${JSON.stringify({ ...frame, source: "Tidelock" }).slice(0, -1)},"findings":[`;
  let separator = "\n";
  for await (const finding of findings) {
    yield separator + JSON.stringify(findingOf(finding));
    separator = ",\n";
  }
  yield "\n]}\n";
};

const words: Readonly<Record<Severity, string>> = {
  critical: "Critical",
  high: "High",
  medium: "Medium",
  low: "Low",
  info: "Info",
};

function findingOf(finding: ExportedFinding): object {
  const { id, severity, title, message, rule, cwe, aliases, tools } = finding;
  const mappings = [
    {
      mappingType: "TOOL_VENDOR",
      value: rule,
      primary: true,
      vendorOtherType: tools[0] ?? "Tidelock",
    },
    ...cwe.map((one) => ({ mappingType: "CWE", value: String(one), primary: false })),
    ...aliases
      .filter((alias) => alias.startsWith("CVE-"))
      .map((alias) => ({ mappingType: "CVE", value: alias, primary: false })),
  ];
  return {
    nativeId: id,
    severity: words[severity],
    nativeSeverity: severity,
    summary: title,
    description: message || title,
    ...detailsOf(finding),
    metadata: { [ownKey]: ownText(finding) },
    mappings,
    comments: [],
  };
}

function detailsOf({ place, message, title, rule, references }: ExportedFinding): object {
  switch (place.kind) {
    case "file":
      return {
        staticDetails: {
          parameter: "",
          file: place.path,
          dataFlow: [{ file: place.path, lineNumber: place.line ?? 0, columnNumber: 0, text: "" }],
        },
      };
    case "package":
      return {
        dependencyDetails: {
          library: place.name,
          version: place.version,
          description: message || title,
          reference: rule,
          referenceLink: references[0] ?? "",
          filePath: place.path ?? "",
          issueType: "VULNERABILITY",
        },
      };
    case "http":
      return {
        dynamicDetails: {
          surfaceLocation: { url: place.route, parameter: place.parameter ?? "" },
        },
      };
    case "port":
      return {
        dynamicDetails: {
          surfaceLocation: {
            url: `${place.protocol}://${place.host}:${place.port}`,
            parameter: "",
          },
        },
      };
    case "resource":
      return { staticDetails: { parameter: "", file: place.name, dataFlow: [] } };
  }
}
