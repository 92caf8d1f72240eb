import type { AccessLab } from "../support/access-lab.ts";
import { documents, ended, makeRelease, operator } from "../support/engine-bench.ts";
import type { Ids } from "./matrix.ts";

/** Two services that are alike, shop and pay, each with a release, promotions and findings. */

const twoServices = `${documents()
  .replace('{ shop: "127.0.0.1:18081" }', '{ shop: "127.0.0.1:18081", pay: "127.0.0.1:18083" }')
  .replace(
    '{ shop: "127.0.0.1:18082" }',
    '{ shop: "127.0.0.1:18082", pay: "127.0.0.1:18084" }',
  )}---${payPipeline()}`;

export function payPipeline(): string {
  const text = documents();
  return text.slice(text.lastIndexOf("---") + 3).replace("{ name: shop }", "{ name: pay }");
}

export async function fillTwoServices(lab: AccessLab): Promise<Ids> {
  const { worker, bench } = lab;
  const { controlPlane } = worker;
  await worker.engine.log.open("1.0.0");
  await controlPlane.applyDocuments(operator, "t.yaml", twoServices);
  const promoted: string[] = [];
  for (const [service, environment] of [
    ["shop", "dev"],
    ["shop", "production"],
    ["pay", "dev"],
  ] as const) {
    // prettier-ignore
    await controlPlane.createRelease(operator, makeRelease(bench, "1.0.0", { service }));
    const { id } = await controlPlane.promote(operator, { service, environment, release: "1.0.0" });
    await ended(controlPlane, id);
    promoted.push(id);
  }
  for (const service of ["shop", "pay"]) {
    await controlPlane.findings.importReport(operator, service, { release: "1.0.0" }, report());
  }
  const first = async (service: string) =>
    (await controlPlane.findings.list({ service }, { limit: 1 })).items[0]?.id ?? "";
  const [dev = "", production = "", pay = ""] = promoted;
  return {
    dev,
    production,
    pay,
    ours: await first("shop"),
    theirs: await first("pay"),
    release: makeRelease(bench, "2.0.0"),
    foreignRelease: makeRelease(bench, "2.0.0", { service: "pay" }),
  };
}

async function* report(): AsyncGenerator<Uint8Array> {
  const results = [
    {
      ruleId: "sqli",
      level: "error",
      message: { text: "input reaches a query" },
      locations: [
        { physicalLocation: { artifactLocation: { uri: "a.js" }, region: { startLine: 3 } } },
      ],
    },
  ];
  const runs = [{ tool: { driver: { name: "scanner", version: "1" } }, results }];
  yield Buffer.from(JSON.stringify({ version: "2.1.0", runs }));
}
