import { expect, it } from "vitest";
import { jo, kim, ReviewStory } from "../../../test/support/review-story.ts";
import type { DecisionInputs } from "../../policy/replay.ts";
import type { LogEntry } from "../log-entry.ts";
import type { PlanBlob } from "../payloads.ts";
import { sponsorsOf } from "../people/standing.ts";
import { peopleNotOnRecord } from "./people-inputs.ts";

const plan = { kind: "promotion", lane: { service: "shop", environment: "dev" } } as PlanBlob;
const id = `sha256:${"5".repeat(64)}`;

/** Jo has enrolled Kim, who then approves something. */
async function material(options: Parameters<typeof ReviewStory.tell>[0] = {}) {
  const { log } = await ReviewStory.tell({ kimBy: jo.person, ...options });
  const payload = {
    answer: id,
    request: "r",
    purpose: "approve",
    person: kim.person,
    role: "sre",
    key: kim.id,
    method: "key",
    asserted: null,
    notBefore: null,
    expires: null,
  };
  const stream = "shop/dev";
  log.append({ kind: "approval.answered", operation: "approval-answer/1", stream, payload });
  const before = log.entries.map(({ leaf, opening }, index): LogEntry => ({
    index,
    leaf,
    leafHash: "",
    payload: opening?.payload ?? null,
  }));
  return {
    before,
    shared: new Set([`person:${"0".repeat(32)}`]),
    files: new Map<string, Uint8Array>(),
  };
}

type Material = Awaited<ReturnType<typeof material>>;

function wrong(of: Material, said: object, at = new Date(Date.parse("2027-01-01")).toISOString()) {
  const under = { person: kim.person, key: kim.id, right: "approve:sre" };
  const given = {
    id,
    person: kim.person,
    role: "sre",
    also: [],
    against: null,
    at,
    enrolments: sponsorsOf(of, kim.person)(under, plan.lane),
    ...said,
  };
  const inputs = { kind: "gate", now: at, approvals: { answers: [given] } };
  return peopleNotOnRecord(inputs as unknown as DecisionInputs, plan, of);
}

it("takes inputs that name who stands behind an approver, as the log has it", async () => {
  const of = await material();
  expect(wrong(of, {})).toEqual([]);
  const under = { person: kim.person, key: kim.id, right: "approve:sre" };
  expect(sponsorsOf(of, kim.person)(under, plan.lane)).toEqual([
    { what: "the key", by: [jo.person], proven: false, vouched: [] },
  ]);
});

it("finds a sponsor left out, a word made up, and another name left out", async () => {
  const of = await material();
  const key = { what: "the key", by: [jo.person], proven: false, vouched: [] as string[] };
  const otherwise = [
    `its inputs say otherwise than the log who ${kim.person} is and who stands behind them`,
  ];
  expect(wrong(of, { enrolments: [] })).toEqual(otherwise);
  expect(wrong(of, { enrolments: [{ ...key, by: [] }] })).toEqual(otherwise);
  expect(
    wrong(of, { enrolments: [{ ...key, vouched: ["person:x"], behind: { "person:x": [] } }] }),
  ).toEqual(otherwise);
  expect(wrong(of, { also: ["person:x"] })).toEqual(otherwise);
});

it("finds that somebody who was suspended is counted", async () => {
  const of = await material({ suspended: true });
  expect(wrong(of, {}).join()).toContain("this person is suspended since");
  expect(wrong(of, { against: "this person is suspended" })).toEqual([]);
});
