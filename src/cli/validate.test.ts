import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runInside } from "../../test/fixtures/run-cli.ts";
import { ManualForm } from "../model/manual-check.ts";
import { questionText } from "./manual/card.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tidelock-validate-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cli = (...words: readonly string[]) => runInside(words, { cwd: folder, env: {} });

const file = (auto: string, program: string) => `apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: shop }
spec:
  processes:
    web: { command: [node, server.js] }
  environments:
    - name: dev
    - { name: production${auto} }
---
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: production }
spec:
  tier: production
  target: { type: process }
  router: { type: embedded, listen: { shop: "127.0.0.1:8999" } }
  floor: { checks: [{ name: scan, uses: command, with: { command: ["${program}"] } }] }
`;

it("takes the file by its place in the line, and says what only the server can compare", async () => {
  const path = join(folder, "other.yaml");
  writeFileSync(path, file("", "/usr/bin/scan"));
  const good = await cli("pipeline", "validate", path);
  expect([good.code, good.stdout]).toEqual([0, expect.stringContaining("environment production")]);
  expect(good.stderr).toContain("held against it by `pipeline apply`: dev");
  const twice = await cli("pipeline", "validate", path, "--file", path);
  expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining("two files are named")]);
});

it("refuses beforehand what apply would refuse, by the same rules", async () => {
  writeFileSync(join(folder, "tidelock.yaml"), file(", auto: true", "./scan.sh"));
  const bad = await cli("pipeline", "validate");
  expect(bad.code).toBe(2);
  expect(bad.stderr).toContain("shop may not start promotions in production by itself");
  expect(bad.stderr).toContain("./scan.sh is a program of the release under test");
});

it("names the option of a file that is not there", async () => {
  const missing = await cli("policy", "replay", "--with", "nofile.yaml");
  expect(missing.stderr).toContain("hint: --with names");
  expect((await cli("pipeline", "validate")).stderr).toContain("tidelock init");
});

it("shows what a person is asked in a line, and how many questions more there are", () => {
  const item = (id: string, text: string) => ({ id, text, severity: "high", evidence: false, comment: false, notApplicable: true }); // prettier-ignore
  const times = { role: "security", validFor: 1, answerWithin: 1, reuse: "same" };
  const form = ManualForm.parse({
    kind: "checklist",
    ...times,
    items: [item("logout", "Does a logout end the session everywhere?"), item("reset", "Reset?")],
  });
  expect(questionText(form, 60)).toBe("Does a logout end the session everywhere? (and 1 more)");
  expect(questionText(form, 30)).toBe("Does a logout en… (and 1 more)");
});
