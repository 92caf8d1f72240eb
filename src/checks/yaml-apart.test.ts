import { expect, it } from "vitest";
import { readDocument } from "./probing/openapi-document.ts";
import { readYaml } from "./yaml-apart.ts";

/** The longest time for which nothing else could be done. */
async function longestStall(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let before = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - before);
    before = now;
  }, 5);
  await work().catch(() => undefined);
  clearInterval(timer);
  return Math.max(longest, performance.now() - before);
}

it("reads a long YAML of a service while everything else goes on", async () => {
  const paths = Array.from({ length: 3_000 }, (_, at) => `  /p${at}: { get: {} }`).join("\n");
  const text = `openapi: 3.0.0\npaths:\n${paths}\n`;
  let read = 0;
  const stall = await longestStall(async () => {
    read = (await readDocument(text, "with.openapi")).operations.length;
  });
  expect(read).toBe(2_000);
  expect(stall).toBeLessThan(500);
});

it("says of short and long texts alike what is wrong with them", async () => {
  expect(await readYaml("a: 1\n")).toEqual({ a: 1 });
  await expect(readYaml("a: 1\na: 2\n")).rejects.toThrow(/unique/);
  const long = `${"# long\n".repeat(2_000)}a: 1\na: 2\n`;
  await expect(readYaml(long)).rejects.toThrow(/unique/);
  expect(await readYaml(long, true)).toEqual({ a: 2 });
  const laughs = `a: &a [1]\n${Array.from({ length: 12 }, (_, at) => `${"bcdefghijklm"[at]}: &${"bcdefghijklm"[at]} [${Array(9).fill(`*${"abcdefghijkl"[at]}`)}]`).join("\n")}\n`;
  await expect(readYaml(laughs)).rejects.toThrow(/alias/i);
});
