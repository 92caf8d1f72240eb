import type { Severity } from "../../../model/observation.ts";
import type { Draft, DraftPlace } from "../../observe.ts";
import { lookUp } from "../loose.ts";
import { type Element, attributeOf, childrenOf } from "../xml.ts";
import { valueOf } from "./cell.ts";

/** Where a script ran, and against what. */
export interface Scanned {
  readonly place: DraftPlace;
  /** `http nginx 1.24.0`; empty where nothing is known of the service. */
  readonly what: string;
  /** When the scan began, in milliseconds; NaN when it does not say. */
  readonly at: number;
}

/** `ssl-enum-ciphers` grades from A to F; A and B are no hits. */
const grades: Readonly<Record<string, Severity>> = {
  C: "low",
  D: "medium",
  E: "medium",
  F: "high",
};

/** Protocols that nobody should offer (RFC 6176, RFC 7568, RFC 8996). */
const protocols: Readonly<Record<string, Severity>> = {
  SSLv2: "high",
  SSLv3: "high",
  "TLSv1.0": "low",
  "TLSv1.1": "low",
};

/** `ssl-enum-ciphers`: a table a protocol, with its ciphers. */
export function ofCiphers(script: Element, place: DraftPlace): readonly Draft[] {
  return childrenOf(script, "table").flatMap((table) => {
    const protocol = attributeOf(table, "key") ?? "";
    const severity = lookUp(protocols, protocol);
    const old: readonly Draft[] =
      severity === null
        ? []
        : [
            {
              rule: `protocol:${protocol}`,
              severity,
              severityStated: false,
              title: `${protocol} is offered`,
              place,
              cwe: [327],
            },
          ];
    const ciphers = childrenOf(table, "table")
      .filter((one) => attributeOf(one, "key") === "ciphers")
      .flatMap((one) => childrenOf(one, "table"));
    return [...old, ...ciphers.flatMap((cipher) => ofCipher(cipher, protocol, place))];
  });
}

function ofCipher(cipher: Element, protocol: string, place: DraftPlace): readonly Draft[] {
  const grade = valueOf(cipher, "strength") ?? "";
  const severity = lookUp(grades, grade);
  const name = valueOf(cipher, "name") ?? "";
  if (severity === null) return [];
  return [
    {
      rule: `cipher:${protocol}:${name}`,
      severity,
      severityStated: false,
      title: `${name} is accepted (${protocol}, grade ${grade})`,
      place,
      cwe: [326],
    },
  ];
}

/** `ssl-cert`: that it ended before the scan began, or will begin after it. */
export function ofCertificate(script: Element, { place, at }: Scanned): readonly Draft[] {
  const validity = childrenOf(script, "table").find(
    (table) => attributeOf(table, "key") === "validity",
  );
  if (validity === undefined) return [];
  const timeOf = (key: string) => Date.parse(zoned(valueOf(validity, key) ?? ""));
  const say = (rule: string, title: string): readonly Draft[] => [
    { rule: `certificate:${rule}`, severity: "medium", severityStated: false, title, place },
  ];
  if (timeOf("notAfter") < at) {
    return say("expired", `the certificate ended: ${valueOf(validity, "notAfter")}`);
  }
  return timeOf("notBefore") > at
    ? say("not-yet-valid", `the certificate begins: ${valueOf(validity, "notBefore")}`)
    : [];
}

/** Certificates' times are UTC; nmap writes them without saying so. */
function zoned(text: string): string {
  return /T[\d:]{8}$/.test(text) ? `${text}Z` : text;
}
