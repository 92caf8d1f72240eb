import { afterEach, beforeEach, expect, it } from "vitest";
import { documents, EngineBench, makeRelease, operator, type Worker } from "../../../test/support/engine-bench.ts"; // prettier-ignore

let bench: EngineBench;
let worker: Worker;
const wish = { service: "shop", environment: "dev", release: "1.0.0" };

beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  await worker.controlPlane.applyDocuments(operator, "t.yaml", documents());
  await worker.controlPlane.createRelease(operator, makeRelease(bench, "1.0.0"));
});
afterEach(() => bench.close());

it.each([
  `update documents set content = jsonb_set(content, '{spec,environments,0,gate}', '"strict"') where kind = 'Pipeline'`,
  `update documents set content = jsonb_set(content, '{spec,tier}', '"testing"') where name = 'dev'`,
  `update releases set content = jsonb_set(content, '{artifacts,0,name}', '"other"')`,
])("makes no plan from a row that was changed: %s", async (change) => {
  await bench.database.pool.query(change);
  await expect(worker.controlPlane.promote(operator, wish)).rejects.toMatchObject({
    code: "digest-mismatch",
  });
});
