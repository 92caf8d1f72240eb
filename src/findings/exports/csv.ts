import { type ExportedFinding, type Exporter, fingerprintsOf } from "./exported.ts";

const columns: readonly (readonly [
  string,
  (finding: ExportedFinding) => string | number | boolean | null,
])[] = [
  ["id", ({ id }) => id],
  ["service", ({ service }) => service],
  ["environment", ({ environment }) => environment],
  ["status", ({ status }) => status],
  ["severity", ({ severity }) => severity],
  ["severityStated", ({ severityStated }) => severityStated],
  ["kind", ({ kind }) => kind],
  ["rule", ({ rule }) => rule],
  ["title", ({ title }) => title],
  ["place", ({ place }) => placeText(place)],
  ["line", ({ place }) => (place.kind === "file" ? (place.line ?? null) : null)],
  ["package", ({ place }) => (place.kind === "package" ? (place.purl ?? place.name) : null)],
  ["fixedIn", ({ fixedIn }) => fixedIn],
  ["aliases", ({ aliases }) => aliases.join(" ")],
  ["cwe", ({ cwe }) => cwe.map((one) => `CWE-${one}`).join(" ")],
  ["knownExploited", ({ knownExploited }) => knownExploited],
  ["epss", ({ epss }) => epss],
  ["tools", ({ tools }) => tools.join(" ")],
  ["firstSeen", ({ firstSeen }) => firstSeen],
  ["lastSeen", ({ lastSeen }) => lastSeen],
  ["firstRelease", ({ firstRelease }) => firstRelease],
  ["lastRelease", ({ lastRelease }) => lastRelease],
  ["reopened", ({ reopened }) => reopened],
  ["assignee", ({ assignee }) => assignee],
  ["due", ({ due }) => due],
  ["paused", ({ paused }) => paused],
  ["reason", ({ falsePositive }) => falsePositive?.reason ?? null],
  ["acceptedIn", ({ accepted }) => accepted.map(({ environment }) => environment).join(" ")],
  ["acceptedUntil", ({ accepted }) => accepted.map(({ until }) => until).join(" ")],
  ["acceptedBy", ({ accepted }) => accepted.map(({ waiver }) => waiver).join(" ")],
  ["acceptedWhy", ({ accepted }) => accepted.map(({ reason }) => reason).join("; ")],
  ["fingerprints", (finding) => JSON.stringify(fingerprintsOf(finding))],
  ["message", ({ message }) => message],
];

/** CSV (RFC 4180), for spreadsheets: no cell of it is a formula. What is empty is unknown or none. */
export const exportCsv: Exporter = async function* (findings) {
  yield rowOf(columns.map(([name]) => name));
  for await (const finding of findings) yield rowOf(columns.map(([, read]) => read(finding)));
};

function rowOf(cells: readonly (string | number | boolean | null)[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

/**
 * Texts come from reports, so perhaps from an attacker. A spreadsheet takes a cell for a formula that begins with one
 * of these, quoted or not; an apostrophe before it makes it text (OWASP, "CSV Injection"). Spaces before it do not
 * help, and NUL would end the cell in some readers.
 */
export function cellOf(value: string | number | boolean | null): string {
  if (value === null) return "";
  const text = String(value).replaceAll("\0", "").toWellFormed();
  const risky = typeof value === "string" && /^\s*[=+\-@\t\r\n＝＋－＠|%]/.test(text);
  const safe = risky ? `'${text}` : text;
  return /[",\r\n;]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function placeText(place: ExportedFinding["place"]): string {
  switch (place.kind) {
    case "file":
      return place.path;
    case "package":
      return `${place.name}@${place.version}`;
    case "http":
      return `${place.method} ${place.route}${place.parameter === undefined ? "" : ` ${place.parameter}`}`;
    case "port":
      return `${place.host}:${place.port}/${place.protocol}`;
    case "resource":
      return place.name;
  }
}
