import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EnrolmentAct, EnrolmentRecord, Vouching } from "./acts.ts";
import { sponsorships } from "./sponsors.ts";

let count = 0;
const act = (
  person: string,
  by: string | readonly string[],
  more: Partial<EnrolmentAct> = {},
): EnrolmentAct => ({
  operation: `act/${(count += 1)}`,
  kind: "person.key-added",
  what: "the key",
  person,
  by: typeof by === "string" ? [by] : by,
  proven: true,
  signed: [],
  waitMs: 0,
  at: "2026-02-01T00:00:00.000Z",
  ...more,
});

function record(
  acts: readonly EnrolmentAct[],
  vouchings: readonly Vouching[] = [],
  more: Partial<EnrolmentRecord> = {},
): EnrolmentRecord {
  return {
    acts: Map.groupBy(acts, ({ person }) => person),
    vouchings,
    same: new Map(),
    foundedAt: null,
    ...more,
  };
}

const behind = (all: EnrolmentRecord, person: string) =>
  sponsorships(all, person).map(({ by, proven, vouched }) => ({ by, proven, vouched }));

describe("who stands behind an identity", () => {
  it("is whoever enrolled it, and whoever enrolled those", () => {
    const all = record([act("p", "q"), act("q", "me")]);
    expect(behind(all, "p")).toEqual([{ by: ["me", "q"], proven: true, vouched: [] }]);
  });

  it("is nobody else where somebody did it themselves", () => {
    expect(behind(record([act("p", "p")]), "p")).toEqual([{ by: [], proven: true, vouched: [] }]);
  });

  it("is lifted by a third person, for exactly the acts that were signed", () => {
    const [first, later] = [act("p", "me"), act("p", "me")];
    const all = record([first, later], [{ by: "v", acts: [first.operation] }]);
    expect(behind(all, "p").map(({ vouched }) => vouched)).toEqual([["v"], []]);
  });

  it("is not lifted by the identity, by whoever did it, or by anybody whom those made", () => {
    for (const by of ["p", "me", "puppet", "puppets-puppet"]) {
      const it = act("p", "me");
      const all = record(
        [it, act("puppet", "me"), act("puppets-puppet", "puppet")],
        [{ by, acts: [it.operation] }],
      );
      expect(behind(all, "p")[0]?.vouched, by).toEqual([]);
    }
  });

  it("is not lifted by two puppets that vouch for each other", () => {
    const [a, b] = [act("a", "me"), act("b", "me")];
    const all = record(
      [a, b],
      [
        { by: "b", acts: [a.operation] },
        { by: "a", acts: [b.operation] },
      ],
    );
    expect(behind(all, "a")[0]).toEqual({ by: ["me"], proven: true, vouched: [] });
  });

  it("is lifted by somebody for whom an independent person vouched", () => {
    const [p, v] = [act("p", "me"), act("v", "me")];
    const all = record(
      [p, v],
      [
        { by: "w", acts: [v.operation] },
        { by: "v", acts: [p.operation] },
      ],
    );
    expect(behind(all, "p")[0]?.vouched).toEqual(["v"]);
  });

  it("takes founders of a team as people of their own, whoever enrolled them", () => {
    const before = { at: "2026-01-01T00:00:00.000Z" };
    const p = act("p", "me");
    const words = [{ by: "v", acts: [p.operation] }];
    const founded = { foundedAt: "2026-01-15T00:00:00.000Z" };
    expect(behind(record([p, act("v", "me", before)], words, founded), "p")[0]?.vouched).toEqual([
      "v",
    ]);
    expect(behind(record([p, act("v", "me")], words, founded), "p")[0]?.vouched).toEqual([]);
  });

  it("is not proven where a shared token stands somewhere behind it", () => {
    const all = record([act("p", "q"), act("q", [], { proven: false })]);
    expect(behind(all, "p")).toEqual([{ by: ["q"], proven: false, vouched: [] }]);
  });

  it("counts another name as the person, and a provider's word as a third person's", () => {
    const it = act("p", "alias");
    const words = [{ by: "provider:https://id.example", acts: [it.operation] }];
    expect(behind(record([it], words, { same: new Map([["alias", "me"]]) }), "p")).toEqual([
      { by: ["me"], proven: true, vouched: ["provider:https://id.example"] },
    ]);
  });

  it("says of a right that came back through a puppet that it is one's own", () => {
    const [line] = sponsorships(record([act("me", "q"), act("q", "me")]), "me");
    expect(line?.own).toBe(true);
  });

  it("never counts a word of somebody who is behind the act, whoever vouches for whom (property)", () => {
    const name = fc.constantFrom("a", "b", "c", "d", "e");
    const acts = fc.array(
      fc.record({ person: name, by: fc.array(name, { maxLength: 2 }), proven: fc.boolean() }),
      { maxLength: 8 },
    );
    const words = fc.array(fc.tuple(name, fc.nat(7)), { maxLength: 8 });
    fc.assert(
      fc.property(acts, words, (made, said) => {
        const all = made.map(({ person, by, proven }) => act(person, by, { proven }));
        const given = record(
          all,
          said.flatMap(([by, at]) => (all[at] ? [{ by, acts: [all[at].operation] }] : [])),
        );
        for (const person of ["a", "b", "c", "d", "e"]) {
          for (const { by, vouched, behind: back } of sponsorships(given, person)) {
            for (const one of vouched) {
              expect(one).not.toBe(person);
              expect(by).not.toContain(one);
              expect((back[one] ?? []).some((who) => by.includes(who) || who === person)).toBe(
                false,
              );
            }
          }
        }
      }),
    );
  });
});
