import { type ExportedFinding, type Exporter, fingerprintsOf, statementOf } from "./exported.ts";
import type { GenericFinding } from "../parsers/generic/schema.ts";

/** A finding in the generic format, which reads it back. */
function genericOf(finding: ExportedFinding): GenericFinding {
  const { rule, severity, severityStated, title, message, kind, place, scope, cwe } = finding;
  const { aliases, fixedIn, cvss, references } = finding;
  const fingerprints = fingerprintsOf(finding);
  const claim = statementOf(finding) ?? finding.claim;
  return {
    rule: rule === "" ? "unnamed" : rule,
    severity,
    ...(severityStated ? {} : { severityStated }),
    title,
    ...(message === "" ? {} : { message }),
    kind,
    place,
    ...(scope === null ? {} : { scope }),
    ...(cwe.length === 0 ? {} : { cwe: [...cwe] }),
    ...(aliases.length === 0 ? {} : { aliases: [...aliases] }),
    ...(fixedIn === null ? {} : { fixedIn }),
    ...(Object.keys(fingerprints).length === 0 ? {} : { fingerprints }),
    ...(cvss.length === 0 ? {} : { cvss: [...cvss] }),
    ...(references.length === 0 ? {} : { references: [...references] }),
    ...(claim === null ? {} : { claim }),
  };
}

/** What a format of others has no field for, as JSON. */
export function ownText(finding: ExportedFinding): string {
  const {
    rule: _rule,
    severity: _severity,
    title: _title,
    message: _message,
    ...own
  } = genericOf(finding);
  return JSON.stringify(own);
}

/** Tidelock's own format: an export that is imported brings the same findings. */
export const exportGeneric: Exporter = async function* (findings, about) {
  const frame = {
    tidelockFindings: 1,
    tool: { name: "tidelock", version: about.version },
    subject: about.service,
    madeAt: about.at,
    // A list that was narrowed down speaks for nothing but itself.
    complete: false,
    missing: "it is an export of findings, and no scan",
  };
  yield `${JSON.stringify(frame, null, 2).slice(0, -2)},\n  "findings": [`;
  let separator = "\n";
  for await (const finding of findings) {
    yield `${separator}${JSON.stringify({ ...genericOf(finding), record: recordOf(finding) })}`;
    separator = ",\n";
  }
  yield "\n  ]\n}\n";
};

function recordOf(finding: ExportedFinding): Record<string, unknown> {
  const { id, service, environment, status, tools, firstSeen, lastSeen } = finding;
  const { firstRelease, lastRelease, reopened, assignee, due, paused } = finding;
  const { knownExploited, epss, accepted } = finding;
  return {
    id,
    service,
    environment,
    status,
    tools,
    firstSeen,
    lastSeen,
    firstRelease,
    lastRelease,
    reopened,
    assignee,
    due,
    paused,
    knownExploited,
    epss,
    accepted,
  };
}
