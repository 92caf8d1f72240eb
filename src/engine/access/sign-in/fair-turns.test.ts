import { describe, expect, it } from "vitest";
import { FairTurns } from "./fair-turns.ts";

/** Turns whose work ends when a test says so; `order` is in which they began. */
function bench(most: number) {
  const turns = new FairTurns(1, most, () => new Error("too many"));
  const order: string[] = [];
  const refused: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (network: string, name: string, known = false) => {
    const work = () =>
      new Promise<void>((end) => {
        order.push(name);
        ends.push(end);
      });
    turns.run({ network, known }, work).catch(() => refused.push(name));
  };
  const settle = async () => {
    for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
      end();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { ask, order, refused, settle };
}

describe("turns", () => {
  it("go to who is known first, and then to one network after the other", async () => {
    const { ask, order, settle } = bench(10);
    for (const name of ["a1", "a2", "a3", "a4"]) ask("a", name);
    ask("b", "b1");
    ask("c", "c1");
    ask("a", "owner", true);
    await settle();
    expect(order).toEqual(["a1", "owner", "a2", "b1", "c1", "a3", "a4"]);
  });

  it("are taken from the network with the most of them when too many wait, and from nobody who is known", async () => {
    const { ask, order, refused, settle } = bench(4);
    for (const name of ["a1", "a2", "a3", "a4", "a5"]) ask("a", name);
    ask("owner's", "owner", true);
    ask("b", "b1");
    ask("b", "b2");
    // As many as the busiest: one more of either changes nothing for the other.
    ask("b", "b3");
    ask("a", "a6");
    await settle();
    expect(refused.sort()).toEqual(["a4", "a5", "a6", "b3"]);
    expect(order).toEqual(["a1", "owner", "a2", "b1", "a3", "b2"]);
  });
});
