import { expect, test } from "vitest";
import { Latest } from "./latest.ts";

test("one runs at a time, and whoever calls meanwhile gets one run that began after the call", async () => {
  let value = 0;
  let running = 0;
  const seen: number[] = [];
  const latest = new Latest(async () => {
    running += 1;
    expect(running).toBe(1);
    const at = value;
    seen.push(at);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    return at;
  });
  const results = [];
  for (value = 1; value <= 20; value += 1) {
    const wanted = value;
    results.push(latest.run().then((got) => expect(got).toBeGreaterThanOrEqual(wanted)));
    if (value % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
  }
  await Promise.all(results);
  expect(seen.length).toBeLessThan(15);
});

test("a run that fails fails only those who waited for it", async () => {
  let fails = true;
  const latest = new Latest(() =>
    fails ? Promise.reject(new Error("no")) : Promise.resolve("yes"),
  );
  const first = latest.run();
  const second = latest.run();
  fails = false;
  await expect(first).rejects.toThrow("no");
  expect(await second).toBe("yes");
  expect(await latest.run()).toBe("yes");
});
