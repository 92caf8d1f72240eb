import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  until,
} from "../../../test/support/engine-bench.ts";
import type { ManualRequestView } from "../../api/routes/manual.ts";
import { manual } from "../../checks/manual/index.ts";
import { encodeEnvelope } from "../../evidence/dsse.ts";
import { answerStatement } from "../../evidence/predicates/manual-answer.ts";
import { signStatement } from "../../evidence/statement.ts";
import type { ManualAnswers } from "../../model/manual-check.ts";
import type { ControlPlane } from "../../ports/control-plane.ts";

let bench: EngineBench;
let plane: ControlPlane;
let person: string;
let key: KeyObject;

beforeEach(async () => {
  bench = await EngineBench.create();
  bench.extra.set("manual", manual);
  const worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
  const pair = generateKeyPairSync("ed25519");
  key = pair.privateKey;
  const name = "quinn@shop.example";
  const pem = pair.publicKey.export({ type: "spki", format: "pem" }) as string;
  ({ person } = await plane.people.add(operator, { name, key: pem, also: [] }));
  const right = "checks.answer:qa";
  await plane.people.grant(operator, { name, right, service: null, environment: "dev" });
});
afterEach(() => bench.close());

/** `more`: keys of the check beside `with`. */
const checks = (more: string) => `      checks:
        - { name: qa, uses: manual, ${more}with: { kind: checklist, role: qa, items: [
            { id: basket, text: The basket keeps what was put in },
            { id: print, text: The print view is readable, severity: medium } ] } }
        - { name: runbook, uses: manual, with: { kind: checklist, role: sre, items: [
            { id: pages, text: The runbook says what to do } ] } }`;

const warning: ManualAnswers = {
  kind: "checklist",
  items: [
    { id: "basket", result: "pass" },
    { id: "print", result: "fail", comment: "cut off" },
  ],
};

const dev = { service: "shop", environment: "dev", release: "1.0.0" };

/** What `qa` is asked by a promotion, once it is, or was answered by an earlier answer. */
async function asked(promotion: string): Promise<ManualRequestView> {
  const views = await until(
    () => plane.checks.asked(promotion),
    (all) => all.length === 2,
  );
  const found = views.find(({ check }) => check === "qa");
  if (!found) throw new Error("nobody was asked");
  return found;
}

async function answer(view: ManualRequestView): Promise<void> {
  const { id: request, release, formDigest: form, form: questions, ...rest } = view;
  const { ledger, role, check, service, environment, colour, promotion, plan, configuration } =
    rest;
  const of = { ledger, role, check, service, environment, colour, promotion, plan, configuration };
  const about = { request, person, release: release.id, form, ...of };
  const signer = {
    name: "quinn",
    publicKey: new Uint8Array(),
    sign: async (message: Uint8Array) => sign(null, message, key),
  };
  const statement = answerStatement(about, questions, warning);
  const envelope = encodeEnvelope(await signStatement(signer, statement));
  await plane.checks.answer(request, envelope);
}

async function start(more: string): Promise<string> {
  await plane.applyDocuments(operator, "t.yaml", documents({ dev: checks(more) }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  return (await plane.promote(operator, dev)).id;
}

it("an answer that ended its promotion with a warning ends no other: people are asked anew", async () => {
  const first = await start("");
  await answer(await asked(first));
  const done = await ended(plane, first);
  expect(done.message).toContain("check qa: warn: 1 hit (1 medium)");
  expect(done.message).toContain("1 passed, 1 failed (print), 0 not applicable");
  // Whoever was asked and had not answered yet is nobody's error.
  expect(done.checks.find(({ name }) => name === "runbook")?.report).toMatchObject({
    verdict: "missing",
    summary: "nobody had answered yet, and nobody is asked any more: check qa did not pass",
  });
  const [catalogued] = await plane.catalogue.manual({ environment: "dev" });
  expect(catalogued).toMatchObject({ check: "qa", next: { state: "refused", at: null } });
  const second = (await plane.promote(operator, dev)).id;
  expect(await asked(second)).toMatchObject({ state: "open", answer: null });
});

it("a warning that is allowed there is used again, like a pass", async () => {
  const first = await start("allowWarn: true, ");
  await answer(await asked(first));
  await until(
    () => plane.showPromotion(first),
    ({ checks: runs }) => runs.some(({ report }) => report?.verdict === "warn"),
  );
  await plane.abort(operator, first);
  await ended(plane, first);
  const second = (await plane.promote(operator, dev)).id;
  expect((await asked(second)).answer?.reuses).not.toBeNull();
});
