import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  documents,
  EngineBench,
  makeRelease,
  operator,
} from "../../../test/support/engine-bench.ts";
import { stateReport, trustIn } from "../../../test/support/findings.ts";
import type { ImportView } from "../../api/views/finding.ts";
import type { Digest } from "../../model/primitives.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

/** What a report that everybody trusts does not say by not naming it. */

let bench: EngineBench;
let plane: ControlPlane;
let ci: KeyObject;
let release: Digest;

beforeAll(async () => {
  bench = await EngineBench.create();
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
  ci = generateKeyPairSync("ed25519").privateKey;
  const trust = trustIn(ci, ["trivy", "falco"]);
  const listen = 'listen: { shop: "127.0.0.1:18081" } }';
  const text = documents().replace(listen, `${listen}\n${trust}`);
  await plane.applyDocuments(operator, "t.yaml", text);
  release = (await plane.createRelease({ id: "builder" }, makeRelease(bench, "1.0.0"))).id;
}, 60_000);

afterAll(() => bench.close());

/** A trusted report, made now: after what was taken in before. */
async function signed(tool: string, report: Buffer): Promise<ImportView> {
  await stateReport(bench.database.db, report, ci, {
    release,
    service: "shop",
    environment: "dev",
    tool,
    complete: true,
    madeAt: new Date().toISOString(),
  });
  const view = await plane.findings.importReport(
    operator,
    "shop",
    { release: "1.0.0", environment: "dev" },
    (async function* () {
      yield report;
    })(),
  );
  expect(view.trust).toBe("signed");
  return view;
}

const sample = (path: string) =>
  readFileSync(`${import.meta.dirname}/../../../test/fixtures/findings/${path}`);

async function openKinds(tool: string): Promise<readonly string[]> {
  const { items } = await plane.findings.list({ service: "shop", tool }, { limit: 50 });
  return items.map(({ kind }) => kind).sort();
}

it("Trivy's bill of materials of a folder verifies none of the secrets that Trivy's own report of it names", async () => {
  const whole = await signed("trivy", sample("trivy/misconfigurations_and_secrets.json"));
  expect(whole).toMatchObject({ opened: 5, complete: true });
  const before = await openKinds("trivy");
  expect(new Set(before)).toEqual(new Set(["dependency", "infrastructure", "secret"]));
  // Converted by Trivy 0.59.1 from that very report: `vulnerabilities: []`.
  const bill = await signed(
    "trivy",
    sample("cyclonedx/trivy-of-misconfigurations_and_secrets.json"),
  );
  expect(bill).toMatchObject({ complete: true, unseen: 0, subject: "packages of ." });
  expect(await openKinds("trivy")).toEqual(before);
});

it("`trivy config` of a folder verifies none of its packages, and nor does a run that looked for secrets only", async () => {
  const report = (results: readonly object[]) =>
    Buffer.from(
      JSON.stringify({
        SchemaVersion: 2,
        ArtifactName: ".",
        ArtifactType: "filesystem",
        Trivy: { Version: "0.59.1" },
        Results: results,
      }),
    );
  const before = await openKinds("trivy");
  const config = { Target: "Dockerfile", Class: "config", MisconfSummary: { Successes: 27 } };
  for (const results of [[config], [], [{ Target: "poetry.lock", Class: "lang-pkgs" }]]) {
    expect(await signed("trivy", report(results))).toMatchObject({ complete: true, unseen: 0 });
  }
  expect(await openKinds("trivy")).toEqual(before);
  // The same parts, all clean: this one has looked.
  const clean = report([config, { Target: "requirements.txt", Class: "lang-pkgs" }]);
  expect(await signed("trivy", clean)).toMatchObject({ unseen: 5 });
  expect(await openKinds("trivy")).toEqual([]);
});

it("a tool of which no report came is not one that found nothing", async () => {
  const nobody = plane.findings.list({ service: "shop", tool: "trivvy" }, { limit: 1 });
  await expect(nobody).rejects.toMatchObject({
    code: "not-found",
    hint: "there are reports of trivy",
  });
  await expect(plane.security.show("shpo")).rejects.toMatchObject({ code: "not-found" });
});

it("what names the same vulnerability and was not merged is shown as related", async () => {
  const of = (name: string) => ({
    VulnerabilityID: "CVE-2026-77777",
    PkgName: name,
    InstalledVersion: "1",
    Severity: "LOW",
  });
  const Results = [
    { Target: "package-lock.json", Class: "lang-pkgs", Vulnerabilities: [of("left"), of("right")] },
  ];
  const report = { SchemaVersion: 2, ArtifactName: "other", Results };
  await signed("trivy", Buffer.from(JSON.stringify(report)));
  const search = "CVE-2026-77777";
  const { items } = await plane.findings.list({ service: "shop", search }, { limit: 5 });
  const [one, two] = items;
  expect(items).toHaveLength(2);
  const { related } = await plane.findings.show(one?.id ?? "F-1");
  expect(related).toEqual([{ id: two?.id, title: two?.title, tool: "trivy" }]);
});

it("a sensor's log verifies nothing by its silence", async () => {
  const night = await signed("falco", sample("falco/single_rule_with_cat_write.jsonl"));
  expect(night).toMatchObject({ complete: false, missing: expect.stringContaining("a log shows") });
  const before = await openKinds("falco");
  expect(before.length).toBeGreaterThan(0);
  const quiet = await signed("falco", sample("falco/k8s_audit_ovh.jsonl"));
  expect(quiet.unseen).toBeGreaterThan(0);
  expect((await openKinds("falco")).length).toBe(before.length + quiet.opened);
});

it("what another tool saw of the same weakness in the same file is shown as related, and no more", async () => {
  const saw = async (name: string, path: string, cwe: number, rule: string) => {
    const found = { rule, severity: "low", title: rule, kind: "code", cwe: [cwe] };
    const report = {
      tidelockFindings: 1,
      tool: { name, version: "1" },
      subject: name,
      complete: false,
      missing: "a test",
      findings: [{ ...found, place: { kind: "file", path, line: rule.length } }],
    };
    async function* bytes() {
      yield Buffer.from(JSON.stringify(report));
    }
    await plane.findings.importReport(operator, "shop", {}, bytes());
    const { items } = await plane.findings.list({ service: "shop", search: rule }, { limit: 5 });
    expect(items).toHaveLength(1);
    return items[0]?.id ?? "";
  };
  const one = await saw("lint-a", "src/pay.js", 4_321, "taint-a");
  const two = await saw("lint-b", "src/pay.js", 4_321, "flow-to-sink");
  await saw("lint-c", "src/pay.js", 4_322, "another-weakness");
  await saw("lint-d", "src/cart.js", 4_321, "another-file");
  await saw("lint-a", "src/pay.js", 4_321, "the-same-tool-again");
  const related = async (id: string) =>
    (await plane.findings.show(id)).related.map((other) => other.id);
  expect(await related(one)).toEqual([two]);
  expect(await related(two)).toContain(one);
});
