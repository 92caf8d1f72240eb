import type { Draft } from "../../observe.ts";
import type { Severity } from "../../../model/observation.ts";
import type { Format } from "../format.ts";
import { gaps, lookUp, wholeness } from "../loose.ts";
import { type Element, attributeOf, childOf, childrenOf } from "../xml.ts";

/** Its words for ciphers; `strong` and `acceptable` are no hits. */
const strengths: Readonly<Record<string, Severity | "fine">> = {
  null: "high",
  anonymous: "high",
  weak: "medium",
  medium: "low",
  acceptable: "fine",
  strong: "fine",
};

/** Protocols that nobody should offer (RFC 6176, RFC 7568, RFC 8996). */
const protocols: Readonly<Record<string, Severity>> = {
  "ssl 2": "high",
  "ssl 3": "high",
  "tls 1.0": "low",
  "tls 1.1": "low",
};

type Finding = Pick<Draft, "rule" | "severity" | "title"> & Partial<Draft>;

/**
 * sslscan's XML, of versions 1.11 and 2: what is offered and should not be. It states strengths of ciphers and no
 * severities; those are ours. A target that it could not talk to is an `error` element.
 */
export const sslscan: Format = {
  id: "sslscan",
  title: "sslscan (XML)",
  syntax: "xml",
  items: [{ path: ["document", "ssltest"] }],
  recognise: (sample) =>
    sample.syntax === "xml" &&
    sample.root === "document" &&
    sample.attributes.get("title") === "SSLScan Results",
  open(frame) {
    const document = frame as Element;
    if (document.name !== "document") throw new Error("it is no report of sslscan");
    const errors = gaps();
    for (const error of childrenOf(document, "error")) errors.add(error.text.trim());
    const targets: string[] = [];
    let tests = 0;
    let assertions = 0;
    return {
      item(value) {
        const test = value as Element;
        for (const error of childrenOf(test, "error")) errors.add(error.text.trim());
        const host = attributeOf(test, "host") ?? "";
        const port = Number(attributeOf(test, "port"));
        tests += 1;
        assertions += test.children.length;
        if (targets.length < 100) targets.push(`${host.slice(0, 256)}:${port}`);
        return findingsIn(test).map((finding) => ({
          severityStated: false,
          kind: "network",
          ...finding,
          place: { kind: "port", host, port },
        }));
      },
      end: () => ({
        tool: { name: "sslscan", version: attributeOf(document, "version") ?? "unknown" },
        ...(targets.length === 0 ? {} : { subject: targets.toSorted().join(", ") }),
        exercised: { assertions },
        ...wholeness(
          errors.say("target was not tested", "targets were not tested"),
          tests === 0 ? "no target was tested" : undefined,
        ),
      }),
    };
  },
};

function findingsIn(test: Element): readonly Finding[] {
  return [
    ...protocolsOf(test).flatMap(ofProtocol),
    ...childrenOf(test, "heartbleed").flatMap(ofHeartbleed),
    ...childrenOf(test, "cipher").flatMap(ofCipher),
    ...childrenOf(test, "group").flatMap(ofGroup),
    ...ofHandshake(test),
    ...certificatesOf(test).flatMap(ofCertificate),
  ];
}

/** Names of protocols that are offered; before 2.0 only by the ciphers that were accepted with them. */
function protocolsOf(test: Element): readonly string[] {
  const stated = childrenOf(test, "protocol");
  if (stated.length > 0) {
    return stated
      .filter((one) => attributeOf(one, "enabled") === "1")
      .map((one) => `${attributeOf(one, "type")} ${attributeOf(one, "version")}`);
  }
  const used = childrenOf(test, "cipher")
    .filter(isAccepted)
    .map((one) => attributeOf(one, "sslversion") ?? "");
  return [...new Set(used)].map((name) => {
    const version = name.slice(name.indexOf("v") + 1);
    return name.startsWith("SSLv") ? `ssl ${version}` : `tls ${version === "1" ? "1.0" : version}`;
  });
}

function ofProtocol(name: string): readonly Finding[] {
  const severity = lookUp(protocols, name);
  const title = `${name.toUpperCase()} is offered`;
  return severity === null ? [] : [{ rule: `protocol:${name}`, severity, title, cwe: [327] }];
}

function ofHeartbleed(element: Element): readonly Finding[] {
  if (attributeOf(element, "vulnerable") !== "1") return [];
  const version = attributeOf(element, "sslversion") ?? "";
  return [
    {
      rule: `heartbleed:${version}`,
      severity: "high",
      title: `Heartbleed (${version})`,
      aliases: ["CVE-2014-0160"],
      cwe: [119],
    },
  ];
}

function isAccepted(cipher: Element): boolean {
  return ["accepted", "preferred"].includes(attributeOf(cipher, "status") ?? "");
}

/** Only what the server took: older versions list what it refused as well (`rejected`, `failed`). */
function ofCipher(element: Element): readonly Finding[] {
  if (!isAccepted(element)) return [];
  const strength = attributeOf(element, "strength");
  // Before 1.11 no strength is stated: the bits are.
  const bits = Number(attributeOf(element, "bits"));
  const severity =
    strength === undefined ? (bits < 112 ? "medium" : "fine") : lookUp(strengths, strength);
  if (severity === "fine") return [];
  const [version, cipher] = [attributeOf(element, "sslversion"), attributeOf(element, "cipher")];
  const title = `${cipher} is accepted (${version}, ${strength ?? `${bits} bits`})`;
  return [{ rule: `cipher:${version}:${cipher}`, severity, title, cwe: [326] }];
}

/** Groups have a strength since 2.1. */
function ofGroup(element: Element): readonly Finding[] {
  const strength = attributeOf(element, "strength");
  const severity = strength === undefined ? "fine" : lookUp(strengths, strength);
  if (severity === "fine") return [];
  const [version, name] = [attributeOf(element, "sslversion"), attributeOf(element, "name")];
  const title = `the group ${name} is accepted (${version}, ${strength})`;
  return [{ rule: `group:${version}:${name}`, severity, title, cwe: [326] }];
}

function ofHandshake(test: Element): readonly Finding[] {
  const is = (name: string, key: string, value: string) =>
    attributeOf(childOf(test, name), key) === value;
  const weak = childrenOf(test, "cipher").filter((cipher) => {
    const bits = Number(attributeOf(cipher, "dhebits") ?? "2048");
    return bits < 2_048 && isAccepted(cipher);
  });
  return [
    ...(is("compression", "supported", "1")
      ? [
          {
            rule: "compression",
            severity: "medium" as const,
            title: "TLS compression is offered (CRIME)",
            aliases: ["CVE-2012-4929"],
          },
        ]
      : []),
    ...(is("renegotiation", "supported", "1") && is("renegotiation", "secure", "0")
      ? [
          {
            rule: "insecure-renegotiation",
            severity: "medium" as const,
            title: "insecure renegotiation is offered",
            aliases: ["CVE-2009-3555"],
          },
        ]
      : []),
    ...(is("fallback", "supported", "0")
      ? [
          {
            rule: "no-fallback-scsv",
            severity: "low" as const,
            title: "downgrades are not prevented (RFC 7507)",
          },
        ]
      : []),
    ...(weak.length > 0
      ? [
          {
            rule: "weak-dh-parameters",
            severity: "medium" as const,
            title: "Diffie-Hellman parameters are shorter than 2048 bits",
            message: weak
              .slice(0, 20)
              .map((one) => `${attributeOf(one, "cipher")}: ${attributeOf(one, "dhebits")} bits`)
              .join("\n"),
            cwe: [326],
          },
        ]
      : []),
  ];
}

/** Since 2.0 in a list of their own, and one of type `full` may repeat the first. */
function certificatesOf(test: Element): readonly Element[] {
  return [test, ...childrenOf(test, "certificates")]
    .flatMap((one) => childrenOf(one, "certificate"))
    .filter((one) => attributeOf(one, "type") !== "full");
}

function ofCertificate(certificate: Element): readonly Finding[] {
  const text = (name: string) => childOf(certificate, name)?.text.trim() ?? "";
  const key = childOf(certificate, "pk");
  const bits = Number(attributeOf(key, "bits"));
  const algorithm = text("signature-algorithm");
  const about = `subject: ${text("subject")}, issuer: ${text("issuer")}`;
  const say = (rule: string, severity: Severity, title: string): Finding => ({
    rule: `certificate:${rule}`,
    severity,
    title,
    message: about,
  });
  return [
    ...(text("expired") === "true"
      ? [say("expired", "medium", `the certificate ended: ${text("not-valid-after")}`)]
      : []),
    ...(text("not-yet-valid") === "true"
      ? [say("not-yet-valid", "medium", `the certificate begins: ${text("not-valid-before")}`)]
      : []),
    ...(text("self-signed") === "true"
      ? [say("self-signed", "medium", "the certificate is signed by itself")]
      : []),
    ...(/^(?:md[245]|sha1)/i.test(algorithm)
      ? [say("weak-signature", "medium", `the certificate is signed with ${algorithm}`)]
      : []),
    ...(["RSA", "DSA"].includes(attributeOf(key, "type") ?? "") && bits > 0 && bits < 2_048
      ? [say("short-key", "medium", `the key of the certificate has ${bits} bits`)]
      : []),
  ];
}
