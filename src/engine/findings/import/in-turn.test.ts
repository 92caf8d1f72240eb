import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { InTurn } from "./in-turn.ts";

it("lets so many at once, the others in order, and whoever finds the line full not at all", async () => {
  const turns = new InTurn({ atOnce: 2, waiting: 3 });
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const all = [0, 1, 2, 3, 4, 5].map((one) =>
    turns.do(async () => {
      begun.push(one);
      most = Math.max(most, (running += 1));
      await sleep(5);
      running -= 1;
      // A place is free again however it ended.
      if (one === 1) throw new Error("unreadable");
      return one;
    }),
  );
  const ended = await Promise.allSettled(all);
  expect(ended.map(({ status }) => status === "fulfilled")).toEqual([
    true,
    false,
    true,
    true,
    true,
    false,
  ]);
  expect([most, begun]).toEqual([2, [0, 1, 2, 3, 4]]);
  expect(ended[5]).toMatchObject({ reason: { code: "conflict" } });
  expect(await turns.do(async () => "again")).toBe("again");
});
