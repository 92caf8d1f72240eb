import type { Draft, DraftPlace } from "../../observe.ts";
import type { Format } from "../format.ts";
import { type Element, attributeOf, childOf, childrenOf, rootOf } from "../xml.ts";
import { ofScript } from "./scripts.ts";

/**
 * `nmap -oX`. An open port is an observation (`info`: whether it should be open is for the configuration to
 * say), and so is each vulnerability that a script found on it or names for it, a weak cipher and a certificate that
 * ended. Complete only with its closing `runstats`, at least one host up, and no target skipped.
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
        return ofHost(host, started * 1_000);
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

function ofHost(host: Element, at: number): readonly Draft[] {
  const name =
    attributeOf(childrenOf(host, "address").find(isAddress), "addr") ?? "an unknown host";
  const ports = childOf(host, "ports");
  const about = childOf(host, "hostscript");
  const place: DraftPlace = { kind: "resource", name };
  return [
    ...(ports === undefined ? [] : childrenOf(ports, "port")).flatMap((port) =>
      ofPort(name, port, at),
    ),
    ...(about === undefined ? [] : childrenOf(about, "script"))
      .flatMap((script) => ofScript(script, { place, what: "", at }))
      .map((draft) => ({ ...draft, kind: "network" as const })),
  ];
}

function isAddress(address: Element): boolean {
  return (attributeOf(address, "addrtype") ?? "").startsWith("ipv");
}

function ofPort(host: string, port: Element, at: number): readonly Draft[] {
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
    ...childrenOf(port, "script").flatMap((script) => ofScript(script, { place, what, at })),
  ];
}
