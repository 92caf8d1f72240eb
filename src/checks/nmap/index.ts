import { TidelockError } from "../../model/errors.ts";
import { toolCheck } from "../tool/tool-check.ts";
import { NmapConfiguration } from "./schema.ts";

/** nmap's XML is written by nmap: what is needed of it here stands in attributes that hold no foreign text. */
const openPort = /<port protocol="tcp" portid="(\d{1,5})"><state state="open"/g;

/**
 * TCP connect scan of the tested instances, without names, pings or raw sockets (it runs as an ordinary
 * user). The instances' own ports must be open, and no port that is not allowed.
 */
export const nmap = toolCheck({
  id: "nmap",
  schema: NmapConfiguration,
  touch: "intrusive",
  scans: ["ports"],
  cost: "moderate",
  disturbs: ["load"],
  sensitiveTo: ["availability"],
  programs: ["nmap"],
  install: "apt-get install nmap",
  proof: { kind: "proven", version: "7.93" },
  version: { argv: ["--version"], pattern: /^Nmap version (\S+)/m },
  tree: null,
  wholeExits: [0],
  report: { from: "file", format: "nmap" },
  network: "target",
  plan({ ports, allowed, services }, context) {
    const targets = context.instances.map((origin) => new URL(origin));
    if (targets.length === 0) {
      throw new TidelockError("unavailable", "the tested colour has no instance to scan", {
        fault: "environment",
        where: "instances",
        hint: "look with `tidelock status` whether it runs",
      });
    }
    const own = [...new Set(targets.map((target) => target.port || "80"))];
    const hosts = [...new Set(targets.map(({ hostname }) => hostname.replace(/^\[|\]$/g, "")))];
    return {
      argv: [
        "-Pn",
        "-n",
        "-sT",
        "--unprivileged",
        "--noninteractive",
        ...(services ? ["-sV", "--version-light"] : []),
        ...(hosts.some((host) => host.includes(":")) ? ["-6"] : []),
        "-p",
        ports === "instances" ? own.join(",") : ports,
        "-oX",
        "{report}",
        "--",
        ...hosts,
      ],
      // Scripts and service data of a user come from there; this home is empty.
      env: { NMAPDIR: "{home}/nothing" },
      expect: { own, allowed: [...own, ...allowed.map(String)], scanned: ports },
    };
  },
  read(report, { plan }) {
    const text = typeof report === "string" ? report : "";
    const own = listOf(plan.expect?.["own"]);
    const allowed = new Set(listOf(plan.expect?.["allowed"]));
    const open = [...text.matchAll(openPort)].map(([, port]) => port ?? "");
    const up = Number(/<hosts up="(\d+)"/.exec(text)?.[1] ?? 0);
    const probed = Number(/<scaninfo [^>]*numservices="(\d+)"/.exec(text)?.[1] ?? 0);
    if (!/<finished [^>]*exit="success"/.test(text)) {
      return { exercised: {}, broken: "its report does not say that it came to its end" };
    }
    const closed = own.filter((port) => !open.includes(port));
    const scannedOwn = plan.expect?.["scanned"] === "instances";
    return {
      exercised: { requests: probed * up, assertions: open.length },
      ...(scannedOwn && closed.length > 0
        ? { broken: `port ${closed.join(", ")} of the tested instances is not open` }
        : {}),
      unmet: [...new Set(open)]
        .filter((port) => !allowed.has(port))
        .map((port) => `port ${port} is open and not allowed`),
    };
  },
});

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
