import { ownKey } from "../parsers/own-fields.ts";
import { type ExportedFinding, type Exporter } from "./exported.ts";
import { ownText } from "./generic.ts";

/** Code Dx's XML, which parsers/code-dx reads back; what it has no field for stands in a finding's metadata. */
export const exportCodeDx: Exporter = async function* (findings, about) {
  const date = about.at.slice(0, 10);
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<report date="${attribute(date)}" tool="Tidelock">\n<findings>\n`;
  for await (const finding of findings) yield findingOf(finding);
  yield "</findings>\n</report>\n";
};

function findingOf(finding: ExportedFinding): string {
  const { id, severity, rule, title, message, cwe, kind, tools } = finding;
  const type = kind === "web" || kind === "network" ? "dynamic" : "static";
  return [
    `<finding severity="${severity}" type="${type}">`,
    `<native-id name="tidelock" value="${attribute(id)}"/>`,
    ...cwe.map((one) => `<cwe id="${one}"/>`),
    `<tool name="${attribute(tools[0] ?? "Tidelock")}" category="${kind}" code="${attribute(rule)}"/>`,
    locationOf(finding),
    `<description format="plain-text" include-in-hash="false">${text(message || title)}</description>`,
    `<metadata><value key="${ownKey}">${text(ownText(finding))}</value></metadata>`,
    "</finding>\n",
  ].join("");
}

function locationOf({ place }: ExportedFinding): string {
  switch (place.kind) {
    case "file": {
      const line =
        place.line === undefined ? "" : `<line start="${place.line}" end="${place.line}"/>`;
      return `<location type="file" path="${attribute(place.path)}">${line}</location>`;
    }
    case "package":
      return `<location type="logical" path="${attribute(place.purl ?? place.name)}"/>`;
    case "http": {
      const path = attribute(place.route);
      const request = `<request method="${attribute(place.method)}" path="${path}" query=""/>`;
      return `<location type="url" path="${path}"><variants><variant>${request}</variant></variants></location>`;
    }
    case "port":
      return `<location type="logical" path="${attribute(`${place.host}:${place.port}`)}"/>`;
    case "resource":
      return `<location type="logical" path="${attribute(place.name)}"/>`;
  }
}

const named: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Characters that XML 1.0 has no place for are left out (section 2.2). */
function text(value: string): string {
  return (
    value
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- these are what it is about
      .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, "")
      .replace(/[&<>"']/g, (one) => named[one] ?? "")
      .replaceAll("\r", "&#13;")
  );
}

/** White space in an attribute would be read as blanks (section 3.3.3). */
function attribute(value: string): string {
  return text(value).replaceAll("\n", "&#10;").replaceAll("\t", "&#9;");
}
