import { describe, expect, it } from "vitest";
import type { EnrolmentAct } from "./acts.ts";
import { countingWords, type ProviderRecord } from "./provider-words.ts";
import { sponsorships } from "./sponsors.ts";

const issuer = "https://login.example";
const provider = `provider:${issuer}`;
const day = (n: number) => new Date(Date.UTC(2026, 1, n)).toISOString();

function act(
  operation: string,
  person: string,
  by: readonly string[],
  more: object = {},
): EnrolmentAct {
  const base = { kind: "person.key-added", what: "the key", proven: true, signed: [], waitMs: 0 };
  return { operation, person, by, at: day(1), ...base, ...more };
}

const key = act("person-key/k/1", "p", ["sponsor"]);
const linked = act("person-identity/i/1", "p", ["linker"], { kind: "identity.linked" });
const set = act("vouching-provider/v/1", provider, ["owner"], { signed: ["second"] });

function told(more: Partial<ProviderRecord> = {}, foundedAt: string | null = null) {
  const facts = {
    identity: "i",
    setting: "v",
    authTime: 0,
    key: null,
    token: "",
    acr: null,
    amr: [],
  };
  const words = { person: "p", issuer, acts: [key.operation], facts: { ...facts, at: day(2), until: day(20) } }; // prettier-ignore
  const record: ProviderRecord = {
    words: [words],
    identities: [{ id: "i", person: "p", issuer, proposal: "1", byProvider: false, held: ["p"] }],
    settings: [{ id: "v", issuer, administrators: [], proposal: "2" }],
    acts: Map.groupBy([key, linked, set], ({ person }) => person),
    same: new Map(),
    team: foundedAt !== null,
    now: day(10),
    ...more,
  };
  const { vouchings, acts } = countingWords(record);
  const all = { acts: new Map([...record.acts, ...acts]), vouchings, same: new Map(), foundedAt };
  return sponsorships(all, "p").find((one) => one.act.operation === key.operation);
}

const word = `${provider}#i`;
const vouched = (...given: Parameters<typeof told>) => told(...given)?.vouched;
const withActs = (...acts: readonly EnrolmentAct[]) => ({
  acts: Map.groupBy(acts, ({ person }) => person),
});

describe("a provider's word", () => {
  it("counts until its end, by the link and the setting that stand", () => {
    expect(vouched()).toEqual([word]);
    expect(vouched({ now: day(20) })).toEqual([]);
    expect(vouched({ identities: [] })).toEqual([]);
    expect(vouched({ settings: [] })).toEqual([]);
    const other = { id: "i", person: "q", issuer, proposal: "1", byProvider: false, held: ["p"] };
    expect(vouched({ identities: [other] })).toEqual([]);
  });

  it("is over with a reset or another link, and goes on with what lets nobody in as them", () => {
    const later = (kind: string, waitMs = 0) =>
      withActs(key, linked, set, act("x", "p", ["linker"], { kind, waitMs, at: day(3) }));
    expect(vouched(later("account.link-made", 1))).toEqual([]);
    expect(vouched(later("identity.linked"))).toEqual([]);
    expect(vouched(later("grant.added"))).toEqual([word]);
  });

  it("has everybody behind it who linked, let it vouch, signed that, or administers it", () => {
    expect(told()?.behind[word]).toEqual(["linker", "owner", "second"]);
    for (const who of ["linker", "owner", "second"]) {
      const mine = act("person-key/k/1", "p", [who]);
      expect([who, vouched(withActs(mine, linked, set))]).toEqual([who, []]);
    }
    const administered = { id: "v", issuer, administrators: ["sponsor"], proposal: "2" };
    expect(vouched({ settings: [administered] })).toEqual([]);
  });

  it("has behind it who had the same name at the provider before, and not the person's other names", () => {
    const relinked = (who: string) => ({
      identities: [
        { id: "i", person: "p", issuer, proposal: "1", byProvider: true, held: [who, "p"] },
      ],
    });
    expect(vouched(relinked("sponsor"))).toEqual([]);
    expect(told(relinked("somebody"))?.behind[word]).toContain("somebody");
    expect(vouched({ ...relinked("p-before"), same: new Map([["p-before", "p"]]) })).toEqual([
      word,
    ]);
  });

  it("wants two people behind link and setting in a team, but where the provider itself made the link", () => {
    expect(vouched({}, day(1))).toEqual([word]);
    const alone = { id: "i", person: "p", issuer, proposal: null, byProvider: false, held: ["p"] };
    expect(vouched({ identities: [alone] }, day(1))).toEqual([]);
    expect(vouched({ settings: [{ id: "v", issuer, administrators: [], proposal: null }] }, day(1))).toEqual([]); // prettier-ignore
    const nobody = act("person-identity/i/1", "p", [], { kind: "identity.linked", proven: false });
    const own = { identities: [{ ...alone, byProvider: true }], ...withActs(key, nobody, set) };
    expect(vouched(own, day(1))).toEqual([word]);
    // A founding act is no excuse for a provider: who set it up stands behind it, whenever that was.
    const mine = act("vouching-provider/v/1", provider, ["sponsor"]);
    expect(vouched(withActs(key, linked, mine), day(5))).toEqual([]);
  });
});
