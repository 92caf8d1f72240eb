import { expect, it } from "vitest";
import {
  type ImportedReport,
  readScanReport,
  type ScanReport,
  scanReportStatement,
} from "./scan-report.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const now = new Date("2026-11-21T12:00:00Z");
const release = { name: "shop", id: digest("a") };
const about: ScanReport = {
  report: digest("1"),
  service: "shop",
  environment: "dev",
  tool: "Trivy",
  format: null,
  scan: null,
  complete: true,
  madeAt: "2026-11-21T11:00:00Z",
};
const imported: ImportedReport = {
  digest: digest("1"),
  service: "shop",
  environment: "dev",
  release: { id: digest("a"), artifacts: [digest("b"), digest("c")] },
  tool: "trivy",
  format: null,
  scan: null,
};

it("counts for exactly the report, service, environment, tool, format and scan that it names", () => {
  const statement = scanReportStatement(release, about);
  expect(readScanReport(statement, imported, now)).toMatchObject({ ok: true });
  const others: readonly Partial<ImportedReport>[] = [
    { digest: digest("2") },
    { service: "basket" },
    { environment: null },
    { environment: "production" },
    { tool: "grype" },
    // A letter of another alphabet that looks the same.
    { tool: "tr\u0456vy" },
    { format: "sarif" },
    { scan: "backend" },
    { release: { id: digest("d"), artifacts: [] } },
  ];
  for (const other of others) {
    const read = readScanReport(statement, { ...imported, ...other }, now);
    expect(read, JSON.stringify(other)).toMatchObject({ ok: false });
  }
});

it("covers a release by its id or by all of its artifacts, not by some", () => {
  const statement = scanReportStatement(release, about);
  const with_ = (...digests: string[]) => ({
    ...statement,
    subject: digests.map((one) => ({ digest: { sha256: one.slice("sha256:".length) } })),
  });
  expect(readScanReport(with_(digest("b"), digest("c")), imported, now)).toMatchObject({
    ok: true,
  });
  expect(readScanReport(with_(digest("b")), imported, now)).toMatchObject({ ok: false });
});

it("is none from the future, of another kind, or with more in it than belongs there", () => {
  const ahead = scanReportStatement(release, { ...about, madeAt: "2026-11-21T12:10:00Z" });
  expect(readScanReport(ahead, imported, now)).toMatchObject({ ok: false });
  const statement = scanReportStatement(release, about);
  const predicate = { ...statement.predicate, waived: true };
  expect(readScanReport({ ...statement, predicate }, imported, now)).toMatchObject({ ok: false });
  const predicateType = "https://in-toto.io/attestation/test-result/v0.1";
  expect(readScanReport({ ...statement, predicateType }, imported, now)).toMatchObject({
    ok: false,
  });
});
