import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { breakOne, runUnbroken } from "../scripts/break-it/break-one.ts";
import { mutated } from "../scripts/break-it/mutate.ts";
import { breakItPage } from "../scripts/break-it/page.ts";
import type { Safeguard } from "../scripts/break-it/safeguard.ts";
import { safeguards } from "../scripts/break-it/safeguards.ts";
import { root } from "../scripts/test/run-step.ts";

const quick = new Set(["only-a-pass-passes", "tester-expiry"]);

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

describe("the table of safeguards", () => {
  it("is what docs/break-it.md shows; `npm run break-it -- --write` writes it", () => {
    expect(read("docs/break-it.md")).toBe(breakItPage(safeguards));
  });

  it("has each name once", () => {
    const names = safeguards.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  it.each(safeguards)("fits the code: $name", ({ edits, noticedBy, unaffected }) => {
    for (const file of new Set(edits.map((edit) => edit.file))) {
      const text = edits.filter((edit) => edit.file === file).reduce(mutated, read(file));
      expect(text).not.toBe(read(file));
    }
    expect(noticedBy.length).toBeGreaterThan(0);
    for (const { file, name } of [...noticedBy, unaffected]) {
      expect(read(file), `a test of this name in ${file}`).toContain(name);
    }
  });
});

describe("an edit", () => {
  const edit = { file: "x.ts", text: "a", replacement: "b" };

  it("replaces its text by exactly what it says", () => {
    expect(mutated("const a = 1;", { ...edit, replacement: "$b" })).toBe("const $b = 1;");
  });

  it("is refused when its text is not there, or not only once", () => {
    expect(() => mutated("const b = 1;", edit)).toThrow("the text to replace is not there");
    expect(() => mutated("let a, aa;", edit)).toThrow("the text to replace is there 3 times");
  });

  it("is refused when it leaves no program", () => {
    const unclosed = { ...edit, text: ")", replacement: "" };
    expect(() => mutated("const b: number = (1);", unclosed)).toThrow("it is no program any more");
  });
});

/** The quickest of the table, and two that must not count as noticed. */
describe("switching off", () => {
  const file = "src/agent/router/tester.ts";
  const tests = "src/agent/router/tester.test.ts";
  const about = {
    name: "for-a-test",
    prevents: "",
    off: "",
    noticedBy: [{ file: tests, name: "a credential is valid for its lane until it expires" }],
    unaffected: { file: tests, name: "only an Ed25519 key is a tester key" },
  } satisfies Omit<Safeguard, "edits">;
  const end = 'if (payload.expires <= now) return { kind: "expired" };';

  const chosen = safeguards.filter(({ name }) => quick.has(name));
  let unbroken: Awaited<ReturnType<typeof runUnbroken>>;
  beforeAll(async () => {
    unbroken = await runUnbroken([...chosen, { ...about, edits: [] }]);
  }, 120_000);

  it.each(chosen)(
    "$name is noticed",
    async (safeguard) => {
      expect(await breakOne(safeguard, unbroken)).toMatchObject({ kind: "noticed" });
    },
    120_000,
  );

  it("something that no test misses is told", async () => {
    const harmless = { file, text: end, replacement: `${end} // and nothing else` };
    const finding = await breakOne({ ...about, edits: [harmless] }, unbroken);
    expect(finding).toEqual({ kind: "unnoticed" });
  }, 120_000);

  it("more than the safeguard shows nothing about it", async () => {
    const fatal = {
      file,
      text: "export function testerKey",
      replacement: 'throw new Error("broken");\nexport function testerKey',
    };
    const finding = await breakOne({ ...about, edits: [fatal] }, unbroken);
    expect(finding).toMatchObject({ kind: "unclear" });
  }, 120_000);
});
