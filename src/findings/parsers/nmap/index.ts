import { cvssOf, type Draft, type DraftPlace, severityOfScore } from "../../observe.ts";
import type { Format } from "../format.ts";
import { type Element, attributeOf, childOf, childrenOf, rootOf } from "../xml.ts";

/**
 * `nmap -oX`. An open port is an observation (`info`: whether it should be open is for the configuration to
 * say), and so is each vulnerability that the script `vulners` names for it. Complete only with its closing
 * `runstats`, at least one host up, and no target skipped.
 */
export const nmap: Format = {
  id: "nmap",
  title: "Nmap (XML)",
  syntax: "xml",
  items: [{ path: ["nmaprun", "host"] }],
  recognise: (sample) => sample.syntax === "xml" && sample.root === "nmaprun",
  open(frame) {
    const run = rootOf(frame, "nmaprun");
    const subject = scanned(attributeOf(run, "args") ?? "");
    const started = Number(attributeOf(run, "start"));
    let up = 0;
    return {
      item(value) {
        const host = value as Element;
        if (attributeOf(childOf(host, "status"), "state") === "up") up += 1;
        return ofHost(host);
      },
      end() {
        const missing = leftOut(run, up);
        return {
          tool: { name: "nmap", version: attributeOf(run, "version") ?? "unknown" },
          ...(subject === "" ? {} : { subject }),
          ...(started > 0 && started < 1e11
            ? { madeAt: new Date(started * 1_000).toISOString() }
            : {}),
          complete: missing === undefined,
          ...(missing === undefined ? {} : { missing }),
        };
      },
    };
  },
};

/** What was asked of it without where it wrote to: other ports or targets are another scan. */
function scanned(args: string): string {
  return args
    .slice(0, 4_096)
    .replace(/^\S*nmap\s+/, "")
    .replace(/(^|\s)-o[NXSGA]\s+\S+/g, "")
    .trim();
}

function leftOut(run: Element, up: number): string | undefined {
  const stats = childOf(run, "runstats");
  const finished = stats === undefined ? undefined : childOf(stats, "finished");
  if (attributeOf(finished, "exit") !== "success") {
    return attributeOf(finished, "errormsg") ?? "it did not come to its end";
  }
  const skipped = childrenOf(run, "target").find((one) => attributeOf(one, "status") === "skipped");
  if (skipped !== undefined)
    return `${attributeOf(skipped, "specification") ?? "a target"} was skipped`;
  return up === 0 ? "no host was up" : undefined;
}

function ofHost(host: Element): readonly Draft[] {
  const name =
    attributeOf(childrenOf(host, "address").find(isAddress), "addr") ?? "an unknown host";
  const ports = childOf(host, "ports");
  return (ports === undefined ? [] : childrenOf(ports, "port")).flatMap((port) =>
    ofPort(name, port),
  );
}

function isAddress(address: Element): boolean {
  return (attributeOf(address, "addrtype") ?? "").startsWith("ipv");
}

function ofPort(host: string, port: Element): readonly Draft[] {
  // `open|filtered` is nmap's word for an UDP port that says nothing.
  if (attributeOf(childOf(port, "state"), "state") !== "open") return [];
  const protocol = attributeOf(port, "protocol") === "udp" ? "udp" : "tcp";
  const number = Number(attributeOf(port, "portid"));
  const place: DraftPlace = { kind: "port", host, port: number, protocol };
  const service = childOf(port, "service");
  const words = ["name", "product", "version"].map((key) => attributeOf(service, key) ?? "");
  const what = words.filter((word) => word !== "").join(" ");
  return [
    {
      rule: "open-port",
      severity: "info",
      title: `${protocol} port ${number} is open${what === "" ? "" : ` (${what})`}`,
      place,
    },
    ...childrenOf(port, "script")
      .filter((script) => attributeOf(script, "id") === "vulners")
      .flatMap((script) => vulnerabilities(script, place, what)),
  ];
}

function vulnerabilities(script: Element, place: DraftPlace, what: string): readonly Draft[] {
  return script.children.flatMap((service) =>
    childrenOf(service, "table").flatMap((row) => {
      const value = (key: string) =>
        row.children.find((cell) => attributeOf(cell, "key") === key)?.text.trim();
      const id = value("id");
      if (id === undefined || id === "") return [];
      return [
        {
          rule: id,
          // The script names nothing without a score; one that is none is unknown.
          severity: severityOfScore(value("cvss")),
          title: `${id} in ${what === "" ? "a service" : what}`,
          place,
          aliases: [id],
          cvss: cvssOf(value("cvss"), null, value("cvss_version")),
        },
      ];
    }),
  );
}
