import { expect, it } from "vitest";
import { jo, kim, ReviewStory } from "../../../test/support/review-story.ts";
import type { DecisionInputs } from "../../policy/replay.ts";
import type { LogEntry } from "../log-entry.ts";
import type { PlanBlob } from "../payloads.ts";
import { sponsorsOf } from "../people/standing.ts";
import { peopleNotOnRecord } from "./people-inputs.ts";

const plan = { kind: "promotion", lane: { service: "shop", environment: "dev" } } as PlanBlob;
const id = `sha256:${"5".repeat(64)}`;

interface Entry {
  readonly kind: string;
  readonly operation: string;
  readonly payload: Record<string, unknown>;
  readonly actor: string;
}

/** Jo has enrolled Kim, who then approves something. */
async function material(
  options: Parameters<typeof ReviewStory.tell>[0] = {},
  more: readonly Entry[] = [],
) {
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
  for (const one of more) log.append({ stream: "system", ...one });
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

const issuer = "https://login.shop.example";
const [linker, owner] = ["1", "2"].map((digit) => `person:${digit.repeat(32)}`) as [string, string];

/** A provider vouches for Kim's key; who links Kim there, who lets it vouch, and what comes after. */
function providerVouches(
  by: { linker?: string; owner?: string } = {},
  after: readonly Entry[] = [],
  before: readonly Entry[] = [],
) {
  const link = { id: "i1", person: kim.person, issuer, identity: "sha256:0", proposal: null };
  const setting = {
    id: "v1",
    person: `provider:${issuer}`,
    demand: null,
    days: 30,
    proposal: null,
  };
  const facts = { identity: "i1", setting: "v1", authTime: 1, key: "one", token: "sha256:0", acr: null, amr: [] }; // prettier-ignore
  const word = { vouch: id, person: kim.person, voucher: null, issuer, key: "one", acts: [`person-key/${kim.id}/1`] }; // prettier-ignore
  const entries: readonly Entry[] = [
    ...before,
    { kind: "identity.linked", operation: "person-identity/i1/1", payload: { ...link, removed: false }, actor: by.linker ?? linker }, // prettier-ignore
    { kind: "provider.vouches", operation: "vouching-provider/v1/1", payload: { ...setting, administrators: [], removed: false }, actor: by.owner ?? owner }, // prettier-ignore
    { kind: "person.vouched", operation: `person-vouch/${id}`, payload: { ...word, facts: { ...facts, at: "2099-01-01T00:00:00.000Z", until: "2099-02-01T00:00:00.000Z" } }, actor: kim.person }, // prettier-ignore
    ...after,
  ];
  return material({}, entries);
}

const vouched = (of: Material, now?: string) => {
  const people = now === undefined ? of : { ...of, now };
  const under = { person: kim.person, key: kim.id, right: "approve:sre" };
  const [key] = sponsorsOf(people, kim.person)(under, plan.lane);
  return [key?.vouched, key?.behind];
};

it("counts a provider's word as the server does: until its end, by what stands, with whoever is behind it", async () => {
  const by = `provider:${issuer}#i1`;
  expect(vouched(await providerVouches())).toEqual([[by], { [by]: [linker, owner].sort() }]);
  expect(vouched(await providerVouches(), "2099-02-01T00:00:00.000Z")[0]).toEqual([]);
  expect(vouched(await providerVouches({ linker: jo.person }))[0]).toEqual([]);
  expect(vouched(await providerVouches({ owner: jo.person }))[0]).toEqual([]);
  // The same identity was the sponsor's before: it is one human's, whoever links it to somebody else.
  const first = { id: "i0", person: jo.person, issuer, identity: "sha256:0", proposal: null };
  const had: Entry[] = ["linked", "unlinked"].map((kind, at) => ({ kind: `identity.${kind}`, operation: `person-identity/i0/${at + 1}`, payload: { ...first, removed: at === 1 }, actor: linker })); // prettier-ignore
  expect(vouched(await providerVouches({}, [], had))[0]).toEqual([]);
  const gone = (kind: string, operation: string, payload: Record<string, unknown>): Entry => ({
    kind,
    operation,
    payload: { ...payload, proposal: null, removed: true },
    actor: owner,
  });
  const unlinked = gone("identity.unlinked", "person-identity/i1/2", { id: "i1", person: kim.person, issuer }); // prettier-ignore
  expect(vouched(await providerVouches({}, [unlinked]))[0]).toEqual([]);
  const stopped = gone("provider.vouches-no-more", "vouching-provider/v1/2", { id: "v1", person: `provider:${issuer}`, administrators: [] }); // prettier-ignore
  expect(vouched(await providerVouches({}, [stopped]))[0]).toEqual([]);
});

it("finds a provider's word that is over, and that a decision counted all the same", async () => {
  const of = await providerVouches();
  const by = `provider:${issuer}#i1`;
  const behind = { [by]: [linker, owner].sort() };
  const key = { what: "the key", by: [jo.person], proven: false, vouched: [by], behind };
  const link = { what: "the identity of a provider", by: [linker], proven: true, vouched: [] };
  const said = { enrolments: [key, link] };
  expect(wrong(of, said)).toEqual([]);
  expect(wrong(of, said, "2099-03-01T00:00:00.000Z")).toHaveLength(1);
});
