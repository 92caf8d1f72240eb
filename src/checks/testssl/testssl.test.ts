import { createServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "../../../test/support/certificate.ts";
import { needs, needsTool } from "../../../test/support/optional.ts";
import { runRecorded } from "../../../test/support/recorded-tool.ts";
import { checkTree, observationsIn } from "../../../test/support/tool-agent.ts";
import { testssl } from "./index.ts";

const row = (id: string, severity: string, finding: string, more: object = {}) => ({
  id,
  ip: "127.0.0.1/127.0.0.1",
  port: "8443",
  severity,
  finding,
  ...more,
});
const through = { through: "instances" };
const recorded = (rows: unknown, exitCode = 0) =>
  runRecorded(
    testssl,
    {
      name: "testssl",
      version: "    testssl       3.0.8 from https://testssl.sh/",
      report: JSON.stringify(rows),
      flag: "--jsonfile",
      exitCode,
    },
    { configuration: through, instances: ["https://127.0.0.1:8443"] },
  );

describe("testssl's report", () => {
  it("is read as its rows with a severity; the rest is what was looked at", async () => {
    const { report, started, hits } = await recorded([
      row("TLS1_2", "OK", "offered"),
      row("BEAST", "MEDIUM", "VULNERABLE", { cve: "CVE-2011-3389 CVE-0-1", cwe: "CWE-20" }),
      row("scanTime", "INFO", "61"),
    ]);
    expect(report).toMatchObject({ verdict: "pass", exercised: { assertions: 3 } });
    expect(hits).toMatchObject([
      {
        rule: "BEAST",
        severity: "medium",
        cwe: [20],
        aliases: ["CVE-2011-3389", "CVE-0-1"],
        place: { kind: "port", host: "127.0.0.1", port: 8443 },
      },
    ]);
    expect(started?.argv.at(-1)).toBe("https://127.0.0.1:8443/");
    expect(started?.argv).not.toContain("--phone-out");
  });

  it("without its end is an error, as is one that could not connect; what is unclear is partial", async () => {
    expect((await recorded([row("TLS1_2", "OK", "offered")])).report.verdict).toBe("error");
    const fatal = await recorded([row("scanProblem", "FATAL", "Can't connect")], 246);
    expect(fatal.report.verdict).toBe("error");
    expect((await recorded([row("scanProblem", "FATAL", "no")])).report.verdict).toBe("error");
    const unclear = await recorded([row("x", "WARN", "?"), row("scanTime", "INFO", "1")], 1);
    expect(unclear.report.verdict).toBe("partial");
  });

  it("is none where nothing speaks TLS", async () => {
    const report = await checkTree(testssl, {}, {}, { instances: ["http://127.0.0.1:1"] });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("speak no TLS");
  });
});

const long = process.env["TIDELOCK_TEST_LONG"] === "1";
describe.skipIf(
  needsTool("testssl").missing ||
    needs(long, "a scan by testssl takes a minute (TIDELOCK_TEST_LONG=1)").missing,
)("testssl", { timeout: 1_200_000 }, () => {
  it("notices an untrusted certificate and an old protocol, of the service itself", async () => {
    const { key, certificate } = makeCertificate(needsTool("openssl").path, 20);
    const server = createServer(
      { key, cert: certificate, minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" },
      (_request, response) => response.end("hello\n"),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const report = await checkTree(testssl, {}, through, { instances: [origin], timeout: 600_000 });
    server.close();
    server.closeAllConnections();
    expect(["pass", "partial"]).toContain(report.verdict);
    expect(report.exercised.assertions).toBeGreaterThan(50);
    const rules = observationsIn(report).map(({ rule }) => rule);
    expect(rules).toContain("cert_chain_of_trust");
    expect(rules.join(" ")).toMatch(/TLS1\b|TLS1_1\b/);
  });

  it("is an error where nothing answers", async () => {
    const report = await checkTree(testssl, {}, through, {
      instances: ["https://127.0.0.1:9"],
      timeout: 120_000,
    });
    expect(report.verdict).toBe("error");
  });
});
