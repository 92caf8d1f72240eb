import { afterEach, beforeEach, expect, it } from "vitest";
import { documents, ended, operator, until } from "../../../test/support/engine-bench.ts";
import { GateStory } from "../../../test/support/gate-story.ts";
import { asked, enrol, signedAnswer } from "../../../test/support/signed-answers.ts";
import { manual } from "../../checks/manual/index.ts";
import { ServiceSecurity } from "../../model/service-security.ts";
import type { ManualAnswers } from "../../model/manual-check.ts";

let story: GateStory;
const dev = { service: "shop", environment: "dev" };
const files = { "server.js": "serve()", "auth/login.js": "login()" };
const risks = `      risks:
        - { class: authentication, review: { role: security, people: 2 } }
        - { class: payments, paths: [pay/**], review: { role: security } }`;
const read: ManualAnswers = {
  kind: "checklist",
  items: [{ id: "read", result: "pass", comment: "read both functions" }],
};

beforeEach(async () => {
  story = await GateStory.begin((bench) => bench.extra.set("manual", manual));
  await story.plane.applyDocuments(operator, "t.yaml", documents());
  await story.release("1.0.0", files);
  expect(await story.promote("1.0.0", "dev")).toMatchObject({ state: "complete" });
  await story.plane.applyDocuments(operator, "t.yaml", documents({ dev: risks }));
}, 60_000);
afterEach(() => story.end());

it("a change that touches nothing of high risk asks nobody", async () => {
  await story.release("1.1.0", { ...files, "server.js": "serve(2)" });
  const view = await story.promote("1.1.0", "dev");
  expect(view).toMatchObject({ state: "complete", checks: [] });
});

it("a change to authentication waits for the signed reviews of two different people, and says which file", async () => {
  const maria = await enrol(story.plane, "maria@shop.example", "security");
  const jonas = await enrol(story.plane, "jonas@shop.example", "security");
  const security = { owner: "Ada", contact: "ada@shop.example" };
  await story.plane.security.set(operator, "shop", ServiceSecurity.parse(security), 0);
  await story.release("1.1.0", { ...files, "auth/login.js": "login() || true" });
  const { changes, plan } = await story.plane.plan({ ...dev, release: "1.1.0" });
  expect(changes).toContainEqual({ area: "code", text: "touches authentication: auth/login.js" });
  expect(plan.risks).toEqual([{ class: "authentication", because: "auth/login.js" }]);
  const { id } = await story.plane.promote(operator, { ...dev, release: "1.1.0" });
  const events = await story.bench.database.db
    .selectFrom("events")
    .select("message")
    .where("kind", "=", "promotion.high-risk")
    .execute();
  expect(events).toEqual([
    {
      message:
        "1.1.0 touches authentication (auth/login.js); security owner: Ada, ada@shop.example",
    },
  ]);
  const first = await asked(story.plane, id);
  expect(JSON.stringify(first.form)).toContain("auth/login.js");
  await story.plane.checks.answer(first.id, await signedAnswer(first, maria, read));
  const second = await until(
    async () => (await story.plane.checks.asked(id)).find((one) => one.state === "open"),
    (view) => view !== undefined && view.id !== first.id,
  );
  if (second === undefined) throw new Error("nobody else was asked");
  await expect(
    story.plane.checks.answer(second.id, await signedAnswer(second, maria, read)),
  ).rejects.toMatchObject({ code: "forbidden" });
  await story.plane.checks.answer(second.id, await signedAnswer(second, jonas, read));
  expect(await ended(story.plane, id)).toMatchObject({ state: "complete" });
}, 60_000);

it("a release that cannot be compared with what is live may have changed anything", async () => {
  const id = await story.release("1.1.0", { ...files, "server.js": "serve(2)" });
  const { content } = story.bench;
  const path = content.path.bind(content);
  content.path = async (digest) => {
    if (id) throw new Error("the disk is gone");
    return path(digest);
  };
  const { plan } = await story.plane.plan({ ...dev, release: "1.1.0" });
  expect(plan.risks?.map((one) => one.class)).toEqual(["authentication", "payments"]);
  content.path = path;
});

it("a link that names another file may have changed anything", async () => {
  const checks = { "strict.js": "passport.authenticate()", "lax.js": "next()" };
  await story.release("1.0.1", { ...files, ...checks }, { "check.js": "strict.js" });
  await story.plane.applyDocuments(operator, "t.yaml", documents());
  expect(await story.promote("1.0.1", "dev")).toMatchObject({ state: "complete" });
  await story.plane.applyDocuments(operator, "t.yaml", documents({ dev: risks }));
  await story.release("1.1.0", { ...files, ...checks }, { "check.js": "lax.js" });
  const { plan } = await story.plane.plan({ ...dev, release: "1.1.0" });
  expect(plan.risks?.map((one) => one.class)).toEqual(["authentication"]);
});

it("an artifact under another name, or beside another, hides no path", async () => {
  await story.release("1.1.0", { ...files, "pay/card.js": "x" }, {}, "other");
  const { plan } = await story.plane.plan({ ...dev, release: "1.1.0" });
  expect(plan.risks?.map((one) => one.class)).toEqual(["authentication", "payments"]);
});
