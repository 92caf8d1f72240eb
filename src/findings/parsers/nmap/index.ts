import type { Observation } from "../../../model/observation.ts";
import { type DraftPlace, observe, severityOfScore } from "../../observe.ts";
import type { Parser } from "../parser.ts";
import { type Element, attributeOf, childOf, childrenOf, parseXml } from "../xml.ts";

/**
 * `nmap -oX`. An open port is an observation (`info`: whether it should be open is for the configuration to
 * say), and so is each vulnerability that the script `vulners` names for it. Complete only with its closing
 * `runstats`, at least one host up, and no target skipped.
 */
export const nmap: Parser = {
  format: "nmap",
  parse(text) {
    const run = parseXml(text);
    if (run.name !== "nmaprun") throw new Error("it is no report of nmap");
    const hosts = childrenOf(run, "host");
    const missing = leftOut(run, hosts);
    return {
      observations: hosts.flatMap(ofHost),
      tool: { name: "nmap", version: attributeOf(run, "version") ?? "unknown" },
      complete: missing === undefined,
      ...(missing === undefined ? {} : { missing }),
    };
  },
};

function leftOut(run: Element, hosts: readonly Element[]): string | undefined {
  const stats = childOf(run, "runstats");
  const finished = stats === undefined ? undefined : childOf(stats, "finished");
  if (attributeOf(finished, "exit") !== "success") {
    return attributeOf(finished, "errormsg") ?? "it did not come to its end";
  }
  const skipped = childrenOf(run, "target").find((one) => attributeOf(one, "status") === "skipped");
  if (skipped !== undefined)
    return `${attributeOf(skipped, "specification") ?? "a target"} was skipped`;
  const up = hosts.filter((host) => attributeOf(childOf(host, "status"), "state") === "up");
  return up.length === 0 ? "no host was up" : undefined;
}

function ofHost(host: Element): readonly Observation[] {
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

function ofPort(host: string, port: Element): readonly Observation[] {
  // `open|filtered` is nmap's word for an UDP port that says nothing.
  if (attributeOf(childOf(port, "state"), "state") !== "open") return [];
  const protocol = attributeOf(port, "protocol") === "udp" ? "udp" : "tcp";
  const number = Number(attributeOf(port, "portid"));
  const place: DraftPlace = { kind: "port", host, port: number, protocol };
  const service = childOf(port, "service");
  const words = ["name", "product", "version"].map((key) => attributeOf(service, key) ?? "");
  const what = words.filter((word) => word !== "").join(" ");
  return [
    observe({
      rule: "open-port",
      severity: "info",
      title: `${protocol} port ${number} is open${what === "" ? "" : ` (${what})`}`,
      place,
    }),
    ...childrenOf(port, "script")
      .filter((script) => attributeOf(script, "id") === "vulners")
      .flatMap((script) => vulnerabilities(script, place, what)),
  ];
}

function vulnerabilities(script: Element, place: DraftPlace, what: string): readonly Observation[] {
  return script.children.flatMap((service) =>
    childrenOf(service, "table").flatMap((row) => {
      const value = (key: string) =>
        row.children.find((cell) => attributeOf(cell, "key") === key)?.text.trim();
      const id = value("id");
      if (id === undefined || id === "") return [];
      const severity = severityOfScore(value("cvss"));
      return [
        observe({
          rule: id,
          severity: severity ?? "high",
          severityStated: severity !== null,
          title: `${id} in ${what === "" ? "a service" : what}`,
          place,
          aliases: [id],
        }),
      ];
    }),
  );
}
