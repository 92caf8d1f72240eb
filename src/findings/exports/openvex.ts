import { type About, type ExportedFinding, type Exporter, productOf, uuidOf } from "./exported.ts";
import { actionOf, otherNames, standingOf } from "./vex.ts";

/**
 * OpenVEX 0.2.0, a statement a finding. `not_affected` has a justification or an impact statement and `affected` an
 * action statement, as the specification demands; an open finding that nobody looked at is `under_investigation`.
 */
export const exportOpenvex: Exporter = async function* (findings, about) {
  const frame = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": `urn:uuid:${uuidOf("openvex", about.service, about.release?.id ?? null, about.at)}`,
    author: about.author,
    timestamp: about.at,
    version: 1,
    tooling: `Tidelock ${about.version}`,
  };
  yield `${JSON.stringify(frame).slice(0, -1)},"statements":[`;
  let separator = "\n";
  for await (const finding of findings) {
    yield separator + JSON.stringify(statementOf(finding, about));
    separator = ",\n";
  }
  yield "\n]}\n";
};

function statementOf(finding: ExportedFinding, about: About): object {
  const others = otherNames(finding);
  const { rule, title, firstSeen } = finding;
  return {
    vulnerability: {
      name: rule || "unnamed",
      ...(title === "" ? {} : { description: title }),
      ...(others.length === 0 ? {} : { aliases: others }),
    },
    timestamp: firstSeen,
    products: [{ "@id": productOf(about), ...partOf(finding) }],
    ...statusOf(finding, about),
  };
}

/** Of a dependency the package; of everything else the product itself is affected. */
function partOf({ place }: ExportedFinding): object {
  if (place.kind !== "package") return {};
  const { purl, name, version } = place;
  const id = purl ?? `pkg:generic/${encodeURIComponent(name)}@${encodeURIComponent(version)}`;
  return { subcomponents: [{ "@id": id }] };
}

function statusOf(finding: ExportedFinding, about: About): object {
  const standing = standingOf(finding, about);
  const notes = { status_notes: `${finding.id}: ${finding.status}` };
  switch (standing.state) {
    case "triage":
      return { status: "under_investigation", ...notes };
    case "affected":
    case "fixing":
      return { status: "affected", ...notes, action_statement: actionOf(finding) };
    case "accepted":
      return {
        status: "affected",
        ...notes,
        action_statement: `${standing.statement}. ${actionOf(finding)}`,
      };
    case "gone":
      return { status: "fixed", ...notes };
    case "false-positive":
      return { status: "not_affected", ...notes, impact_statement: standing.statement };
    case "not-affected":
      return {
        status: "not_affected",
        ...notes,
        ...(standing.justification === null ? {} : { justification: standing.justification }),
        impact_statement: standing.statement,
      };
  }
}
