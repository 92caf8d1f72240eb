import { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import type { CheckContext } from "../../ports/check.ts";
import { toolCheck } from "../tool/tool-check.ts";
import { TestsslConfiguration } from "./schema.ts";

const Report = z.array(z.object({ id: z.string(), severity: z.string(), finding: z.string() }));

/**
 * Protocols, ciphers, certificate, security headers and known flaws of what speaks TLS here: only handshakes and
 * single requests. It asks nobody else: no OCSP, no CRL, no name server.
 */
export const testssl = toolCheck({
  id: "testssl",
  schema: TestsslConfiguration,
  touch: "passive",
  scans: ["tls"],
  cost: "expensive",
  disturbs: [],
  sensitiveTo: ["availability"],
  programs: ["testssl", "testssl.sh"],
  install: "apt-get install testssl.sh",
  proof: { kind: "proven", version: "3.0.8" },
  version: { argv: ["--version"], pattern: /testssl(?:\.sh)? +(?:version )?(\d+\.\d+\S*)/ },
  tree: null,
  // Below 50 they count what was ambiguous, which the rows say too.
  wholeExits: Array.from({ length: 50 }, (_, code) => code),
  report: { from: "file", format: "testssl" },
  network: "target",
  plan({ through }, context) {
    const { hostname, port } = endpoint(through, context);
    const host = hostname.replace(/^\[|\]$/g, "");
    return {
      argv: [
        "--quiet",
        "--color",
        "0",
        "--warnings",
        "batch",
        "--nodns",
        "none",
        "--ip",
        host,
        "--connect-timeout",
        "10",
        "--openssl-timeout",
        "10",
        "--protocols",
        "--std",
        "--server-preference",
        "--server-defaults",
        "--header",
        "--vulnerable",
        "--jsonfile",
        "{report}",
        `https://${hostname}:${port || "443"}/`,
      ],
    };
  },
  read(report) {
    const rows = Report.parse(report);
    const fatal = rows.find(({ severity }) => severity === "FATAL");
    if (fatal !== undefined) return { exercised: {}, broken: fatal.finding };
    if (!rows.some(({ id }) => id === "scanTime")) {
      return { exercised: {}, broken: "its report has no end" };
    }
    const unclear = rows.filter(({ severity }) => severity === "WARN");
    return {
      exercised: { requests: rows.length, assertions: rows.length },
      problems: unclear.map(({ id, finding }) => `${id}: ${finding}`),
    };
  },
});

/** What speaks TLS. Throws `unavailable` where nothing does. */
function endpoint(through: "route" | "instances", context: CheckContext): URL {
  const asked = through === "route" ? [context.route ?? ""] : context.instances;
  const found = asked.find((origin) => origin.startsWith("https:"));
  if (found !== undefined) return new URL(found);
  throw new TidelockError("unavailable", `the ${through} here speak no TLS`, {
    fault: "operator",
    where: "with.through",
    hint: "give the environment's router a certificate (`router.tls`), or leave this check out",
  });
}
