import type { Severity } from "../../../model/observation.ts";
import { type Draft, type DraftPlace, cvssOf, cweIn, severityOfScore } from "../../observe.ts";
import { lookUp } from "../loose.ts";
import { type Element, attributeOf, childrenOf } from "../xml.ts";
import { valueOf } from "./cell.ts";
import { ofCertificate, ofCiphers, type Scanned } from "./tls.ts";

/** What a script of nmap found: vulnerabilities, ciphers, a certificate. All others describe, and find nothing. */
export function ofScript(script: Element, scanned: Scanned): readonly Draft[] {
  const id = attributeOf(script, "id") ?? "";
  switch (id) {
    case "vulners":
      return ofVulners(script, scanned);
    case "vulscan":
      return ofVulscan(script, scanned);
    case "ssl-enum-ciphers":
      return ofCiphers(script, scanned.place);
    case "ssl-cert":
      return ofCertificate(script, scanned);
    default:
      return ofVulnerabilityScript(id, script, scanned);
  }
}

function ofVulners(script: Element, { place, what }: Scanned): readonly Draft[] {
  return script.children.flatMap((service) =>
    childrenOf(service, "table").flatMap((row) => {
      const id = valueOf(row, "id");
      if (id === undefined || id === "") return [];
      return [
        {
          rule: id,
          // The script names nothing without a score; one that is none is unknown.
          severity: severityOfScore(valueOf(row, "cvss")),
          title: `${id} in ${what === "" ? "a service" : what}`,
          place,
          aliases: [id],
          cvss: cvssOf(valueOf(row, "cvss"), null, valueOf(row, "cvss_version")),
        },
      ];
    }),
  );
}

/** What it lists for a service's name, without a score: `[CVE-2011-3389] The SSL protocol …`. */
function ofVulscan(script: Element, { place, what }: Scanned): readonly Draft[] {
  const seen = new Set<string>();
  return (attributeOf(script, "output") ?? "").split("\n").flatMap((line) => {
    const [, id, title = ""] = /^\s{0,8}\[(CVE-\d{4}-\d{4,7})\] (.*)$/.exec(line) ?? [];
    if (id === undefined || seen.has(id)) return [];
    seen.add(id);
    return [
      {
        rule: id,
        severity: "medium" as const,
        severityStated: false,
        title: `${id} in ${what === "" ? "a service" : what}`,
        message: title,
        place,
        aliases: [id],
      },
    ];
  });
}

/** The words of nmap's library `vulns`. */
const states: Readonly<Record<string, Severity>> = {
  vulnerable: "high",
  "vulnerable (exploitable)": "critical",
  "vulnerable (dos)": "high",
  "likely vulnerable": "medium",
};

const risks: Readonly<Record<string, Severity>> = {
  critical: "critical",
  high: "high",
  medium: "medium",
  low: "low",
};

/** Scripts that use the library `vulns` (`ssl-heartbleed`, `smb-vuln-…`): a table for each vulnerability. */
function ofVulnerabilityScript(
  script: string,
  element: Element,
  { place }: Scanned,
): readonly Draft[] {
  const output = attributeOf(element, "output") ?? "";
  const found = childrenOf(element, "table").flatMap((table) => {
    const state = valueOf(table, "state")?.toLowerCase() ?? "";
    const severity = lookUp(states, state);
    return severity === null ? [] : [draftOf(script, table, severity, output, place)];
  });
  if (found.length > 0 || element.children.length > 0) return found;
  // Older ones say it in words alone; what other scripts show may be a page's words.
  if (!/(?:^|-)vuln|^ssl|^tls/.test(script)) return [];
  const said = /^\s*(?:State:\s*)?(LIKELY VULNERABLE|VULNERABLE)\b/m.exec(output)?.[1];
  const severity = lookUp(states, said?.toLowerCase() ?? "");
  if (severity === null) return [];
  const title = output.trim().split("\n", 1)[0] ?? script;
  return [
    {
      rule: script,
      severity,
      severityStated: false,
      title: `${script}: ${title}`,
      message: output,
      place,
      aliases: cvesIn(output),
    },
  ];
}

function draftOf(
  script: string,
  table: Element,
  severity: Severity,
  output: string,
  place: DraftPlace,
): Draft {
  const title = valueOf(table, "title") ?? script;
  const listOf = (key: string) =>
    childrenOf(table, "table")
      .filter((one) => attributeOf(one, "key") === key)
      .flatMap((one) => childrenOf(one, "elem").map(({ text }) => text.trim()));
  // A script with one table says in its text how grave it is.
  const alone = /Risk factor: (\w{1,10})/i.exec(output)?.[1]?.toLowerCase() ?? "";
  const stated = lookUp(risks, valueOf(table, "risk_factor")?.toLowerCase() ?? alone);
  const key = attributeOf(table, "key") ?? "";
  const ids = listOf("ids").flatMap(cvesIn);
  return {
    rule: /^NMAP-\d{1,4}$/.test(key) || key === "" ? script : `${script}:${key}`,
    severity: stated ?? severity,
    severityStated: stated !== null,
    title,
    message: listOf("description").join("\n"),
    place,
    aliases: [...new Set([...ids, ...cvesIn(key)])],
    cwe: cweIn(listOf("ids")),
    references: listOf("refs"),
  };
}

function cvesIn(text: string): readonly string[] {
  return text.slice(0, 8_192).match(/CVE-\d{4}-\d{4,7}/g) ?? [];
}
