import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { roomFor, type WaitingLogin } from "./waiting-logins.ts";

const most = { ofNetwork: 3, all: 8 };
let next = 0;
const waits = (network: string, more: Partial<WaitingLogin> = {}): WaitingLogin => {
  next += 1;
  return { id: `${network}${next}`, network, since: next, known: false, answered: false, ...more };
};
const many = (network: string, count: number, more: Partial<WaitingLogin> = {}) =>
  Array.from({ length: count }, () => waits(network, more));

describe("a program that wants to be let in", () => {
  it("finds room as long as there is any, and else ends the oldest of its own network", () => {
    const own = many("a", 3);
    expect(roomFor({ network: "b", known: false }, own, most)).toEqual({ kind: "free" });
    expect(roomFor({ network: "a", known: true }, own, most)).toEqual({
      kind: "ends",
      id: own[0]?.id,
    });
  });

  it("ends no other network's but the busiest one's, and one that was let in never", () => {
    const busy = [waits("a", { answered: true }), ...many("a", 2)];
    const all = [...many("b", 2), ...many("c", 2), ...busy, waits("d")];
    expect(roomFor({ network: "e", known: false }, all, most)).toEqual({
      kind: "ends",
      id: busy[1]?.id,
    });
  });

  it("ends none of a network that people sign in from, whoever comes from elsewhere", () => {
    const known = many("office", 3, { known: true });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (from) => {
        let waiting: readonly WaitingLogin[] = known;
        for (const network of from.map((one) => `stranger${one}`)) {
          const room = roomFor({ network, known: false }, waiting, most);
          if (room.kind === "none") continue;
          waiting = waiting.filter(({ id }) => room.kind !== "ends" || id !== room.id);
          waiting = [...waiting, waits(network)];
        }
        expect(waiting.length).toBeLessThanOrEqual(most.all);
        expect(waiting.filter((one) => one.known)).toEqual(known);
        // And whoever comes from there finds room.
        expect(roomFor({ network: "home", known: true }, waiting, most).kind).not.toBe("none");
      }),
    );
  });

  it("is refused where all places are those of networks that people sign in from, and it is not", () => {
    const all = [...many("a", 3), ...many("b", 3), ...many("c", 2)].map((one) => ({
      ...one,
      known: true,
    }));
    expect(roomFor({ network: "x", known: false }, all, most)).toEqual({ kind: "none" });
    expect(roomFor({ network: "x", known: true }, all, most)).toEqual({ kind: "ends", id: all[0]?.id }); // prettier-ignore
  });
});
