import { sign } from "node:crypto";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Approver, enrolApprover, vouchFor } from "../../../../test/support/approvals-lab.ts";
import {
  documents,
  ended,
  EngineBench,
  makeRelease,
  operator,
  type Worker,
} from "../../../../test/support/engine-bench.ts";
import type { ReviewView } from "../../../api/routes/reviews.ts";
import { encodeEnvelope } from "../../../evidence/dsse.ts";
import { readPublicKey } from "../../../evidence/keys.ts";
import {
  accessReviewStatement,
  accessReviewOf,
} from "../../../evidence/predicates/access-review.ts";
import { verifySigned } from "../../../identity/signing/signed.ts";
import { signStatement } from "../../../evidence/statement.ts";
import type { ReviewDecision } from "../../../model/access-review.ts";
import type { ControlPlane } from "../../../ports/control-plane.ts";
import { bootstrap } from "../../../server/sign-in/token-check.ts";
import { verifyPack } from "../../../audit/verify-pack.ts";
import { lookAtReviews } from "./recertification.ts";

let bench: EngineBench;
let worker: Worker;
let plane: ControlPlane;
let jo: Approver;
let kim: Approver;
const granting = { ...operator, principal: bootstrap };
const everywhere = { service: null, environment: null };
const soon = () => new Date(Date.now() + 3_600_000).toISOString();

beforeEach(async () => {
  bench = await EngineBench.create();
  worker = bench.worker();
  await worker.engine.log.open("1.0.0");
  plane = worker.controlPlane;
  [jo, kim] = [
    await enrolApprover(plane, "jo@shop.example", []),
    await enrolApprover(plane, "kim@shop.example", ["sre"]),
  ];
  for (const name of ["jo@shop.example", "kim@shop.example"]) {
    await plane.people.grant(operator, { name, right: "access.review", ...everywhere });
  }
});
afterEach(() => bench.close());

async function word(view: ReviewView, who: Approver, decisions: ReviewDecision[]) {
  const of = { review: view.id, ledger: view.ledger, report: view.report, decisions };
  const lines = view.lines.map(({ line }) => line);
  const signer = {
    name: "somebody",
    publicKey: new Uint8Array(),
    sign: async (message: Uint8Array) => sign(null, message, who.key),
  };
  const envelope = await signStatement(signer, accessReviewStatement(of, lines, who.person));
  return encodeEnvelope(envelope);
}

const on = (view: ReviewView, mine: (person: string | null) => boolean) =>
  view.lines.flatMap(({ line }) => (mine(line.person) ? [line] : []));

it("is done when others than whose they are have signed every line, and takes away what is to go", async () => {
  await plane.access.assign(granting, {
    to: { person: "kim@shop.example" },
    role: "sre",
    ...everywhere,
  });
  const view = await plane.reviews.start(operator, { service: null, due: soon() });
  const ofKim = on(view, (person) => person === kim.person);
  expect(ofKim.map(({ kind }) => kind).sort()).toEqual(["key", "right", "right", "role"]);
  const keep = ofKim.map(({ id, kind }): ReviewDecision => ({
    line: id,
    answer: kind === "role" ? "remove" : "keep",
    reason: "as agreed",
  }));
  await expect(plane.reviews.sign(operator, view.id, await word(view, kim, keep))).rejects.toThrow(
    /nobody certifies themselves/,
  );
  const half = await plane.reviews.sign(operator, view.id, await word(view, jo, keep));
  expect(half.state).toBe("open");
  expect(await plane.access.listAssignments()).toEqual([]);
  await expect(
    plane.reviews.sign(operator, view.id, await word(view, jo, keep)),
  ).rejects.toMatchObject({ code: "conflict" });
  const rest = on(view, (person) => person === jo.person).map(({ id }): ReviewDecision => ({
    line: id,
    answer: "keep",
    reason: "still needed",
  }));
  const done = await plane.reviews.sign(operator, view.id, await word(view, kim, rest));
  expect(done).toMatchObject({ state: "done", open: 0 });
  expect(done.lines.find(({ line }) => line.kind === "role")?.word).toMatchObject({
    answer: "remove",
    done: true,
  });
  expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
  // The whole of it goes to an auditor, who has no server.
  const { name, zip } = await plane.exportPack(operator, {
    kind: "access-review",
    review: view.id,
    seen: [],
  });
  expect(name).toBe(`access-review-${view.id}.zip`);
  const { report, story } = verifyPack(zip, null);
  expect(report.problems).toEqual([]);
  expect(story?.review?.lines.map(({ line, word }) => [line.id, word?.answer])).toEqual(
    done.lines.map(({ line, word: said }) => [line.id, said?.answer]),
  );
  expect(story?.review?.reviewers.map(({ acts }) => acts.every(({ proven }) => proven))).toEqual([
    false,
    false,
  ]);
  // Anybody with the report and the public key verifies it without a server.
  const { public_key: pem } = await bench.database.db
    .selectFrom("person_keys")
    .selectAll()
    .where("person", "=", jo.person)
    .executeTakeFirstOrThrow();
  const key = readPublicKey(pem);
  const bytes = Buffer.from(done.signed[0]?.envelope ?? "", "base64");
  const lines = done.lines.map(({ line }) => line);
  if (!key.ok) throw new Error(key.problem);
  const keys = { keys: [key.value], credentials: [] };
  const counts = (report: typeof lines) =>
    verifySigned(bytes, keys, (payload) => accessReviewOf(payload, report)).ok;
  expect(counts(lines)).toBe(true);
  const [first, ...others] = lines;
  if (!first) throw new Error("no line");
  expect(counts([{ ...first, has: "auditor" }, ...others])).toBe(false);
});

it("is never signed by somebody of their own lines who was enrolled twice", async () => {
  const twice = "Jo+second@shop.example";
  const double = await enrolApprover(plane, twice, []);
  await plane.people.grant(operator, { name: twice, right: "access.review", ...everywhere });
  const view = await plane.reviews.start(granting, { service: null, due: soon() });
  const [mine] = on(view, (person) => person === jo.person);
  const keep: ReviewDecision = { line: mine?.id ?? "", answer: "keep", reason: "it is needed" };
  await expect(
    plane.reviews.sign(operator, view.id, await word(view, double, [keep])),
  ).rejects.toMatchObject({ code: "forbidden", message: expect.stringContaining("themselves") });
});

it("is no certificate of whoever made the reviewer, until a third person vouches", async () => {
  const by = { id: "kim@shop.example" };
  const puppet = await enrolApprover(plane, "puppet@shop.example", [], { by });
  const right = "access.review";
  await plane.people.grant(by, { name: "puppet@shop.example", right, ...everywhere });
  const second = await enrolApprover(plane, "second@shop.example", [], {
    by: { id: "puppet@shop.example" },
  });
  await plane.people.grant(by, { name: "second@shop.example", right, ...everywhere });
  const view = await plane.reviews.start(operator, { service: null, due: soon() });
  const [mine, other] = on(view, (person) => person === kim.person);
  const says = (answer: "keep" | "remove", id = ""): ReviewDecision[] => [
    { line: id, answer, reason: "as agreed" },
  ];
  for (const who of [puppet, second]) {
    const signed = await word(view, who, says("keep", mine?.id));
    await expect(plane.reviews.sign(operator, view.id, signed)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("has this line, and no third person vouched"),
    });
  }
  // That something goes, whoever may review may say.
  await plane.reviews.sign(operator, view.id, await word(view, puppet, says("remove", other?.id)));
  await plane.people.grant(operator, {
    name: "jo@shop.example",
    right: "people.vouch",
    ...everywhere,
  });
  await vouchFor(plane, "puppet@shop.example", jo);
  await plane.reviews.sign(operator, view.id, await word(view, puppet, says("keep", mine?.id)));
  expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
});

it("says of what cannot be taken away why it is still there", async () => {
  for (const name of ["jo@shop.example", "kim@shop.example"]) {
    await plane.people.grant(operator, { name, right: "policy.change", ...everywhere });
  }
  await plane.policy.setGovernance(operator, "team");
  const view = await plane.reviews.start(operator, { service: null, due: soon() });
  const line = on(view, (person) => person === kim.person).find(
    ({ has }) => has === "policy.change",
  );
  const remove = [{ line: line?.id ?? "", answer: "remove" as const, reason: "too many" }];
  const after = await plane.reviews.sign(operator, view.id, await word(view, jo, remove));
  expect(after.lines.find((one) => one.line.id === line?.id)?.word).toMatchObject({
    done: false,
    why: expect.stringContaining("fewer than two people"),
  });
  expect((await plane.policy.governance()).signers).toHaveLength(2);
});

it("is refused from whoever has no right there, and about a report that somebody changed", async () => {
  const view = await plane.reviews.start(operator, { service: null, due: soon() });
  const lee = await enrolApprover(plane, "lee@shop.example", []);
  const [first] = on(view, (person) => person === kim.person);
  const keep = [{ line: first?.id ?? "", answer: "keep" as const, reason: "yes" }];
  await expect(plane.reviews.sign(operator, view.id, await word(view, lee, keep))).rejects.toThrow(
    /nothing lets this person review/,
  );
  const { db } = bench.database;
  await sql`update access_reviews set report = replace(report, 'approve:sre', 'approve:qa')`.execute(
    db,
  );
  await expect(plane.reviews.show(view.id)).rejects.toThrow(/changed since it was frozen/);
  await sql`update access_reviews set report_digest = 'sha256:' || encode(sha256(convert_to(report, 'UTF8')), 'hex')`.execute(
    db,
  );
  const forged = await plane.reviews.show(view.id);
  await expect(plane.reviews.sign(operator, view.id, await word(forged, jo, keep))).rejects.toThrow(
    /behind the ledger/,
  );
});

it("tells of one that is over its day, once", async () => {
  const due = new Date(Date.now() + 300).toISOString();
  const { id } = await plane.reviews.start(operator, { service: null, due });
  await lookAtReviews(worker.engine);
  await new Promise((resolve) => setTimeout(resolve, 350));
  await lookAtReviews(worker.engine);
  await lookAtReviews(worker.engine);
  const events = await bench.database.db
    .selectFrom("events")
    .selectAll()
    .where("kind", "=", "access.review-overdue")
    .execute();
  expect(events).toHaveLength(1);
  expect((await plane.reviews.show(id)).state).toBe("overdue");
});

it("shows which permissions nobody uses, and the smaller role that would do", async () => {
  const { token } = await plane.access.createToken(granting, {
    name: "ci",
    role: "developer",
    ...everywhere,
    lastsMs: 60_000,
  });
  const { tokenDigest } = await import("../../../model/token.ts");
  const principal = await plane.access.byToken(tokenDigest(token));
  if (!principal) throw new Error("no token");
  for (const permission of ["release.create", "server.read"] as const)
    plane.access.usedPermission(principal, permission);
  const { db } = bench.database;
  await expect
    .poll(async () => (await db.selectFrom("permission_uses").selectAll().execute()).length)
    .toBe(2);
  const { items } = await plane.access.unused(30);
  expect(items).toMatchObject([
    { who: "ci", role: "developer", used: ["release.create", "server.read"], smaller: "ci" },
  ]);
});

it("opens a gate that demands a review once there is one, and not by a row that somebody put in", async () => {
  const floor = `  floor:
    rules:
      - name: access-reviewed
        require: access != null && access.reviewedSecondsAgo != null && access.reviewedSecondsAgo < 8640000 && access.reviewsOverdue == 0
        because: nobody has reviewed who can do what`;
  await plane.applyDocuments(operator, "t.yaml", documents({ floor }));
  await plane.createRelease(operator, makeRelease(bench, "1.0.0"));
  const lane = { service: "shop", release: "1.0.0" };
  await ended(plane, (await plane.promote(operator, { ...lane, environment: "dev" })).id);
  const production = async () => {
    const { id } = await plane.promote(operator, { ...lane, environment: "production" });
    return ended(plane, id);
  };
  expect((await production()).message).toContain("nobody has reviewed who can do what");
  const { db } = bench.database;
  await sql`insert into access_reviews (id, due_at, report, report_digest, started_by, closed_at)
    values ('vforged', now() + interval '1 day', '[]', 'sha256:0', 'operator', now())`.execute(db);
  expect((await production()).message).toContain("access_reviews: the row access-review/vforged");
  await sql`delete from access_reviews`.execute(db);
  const view = await plane.reviews.start(operator, { service: null, due: soon() });
  for (const [who, of] of [
    [jo, kim],
    [kim, jo],
  ] as const) {
    const decisions = on(view, (person) => person === of.person).map(({ id }): ReviewDecision => ({
      line: id,
      answer: "keep",
      reason: "still needed",
    }));
    await plane.reviews.sign(operator, view.id, await word(view, who, decisions));
  }
  expect((await production()).state).toBe("complete");
});
