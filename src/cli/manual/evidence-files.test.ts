import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { ManualAnswers } from "../../model/manual-check.ts";
import { withFiles } from "./evidence-files.ts";

const folder = mkdtempSync(join(tmpdir(), "tidelock-evidence-"));
writeFileSync(join(folder, "shot.png"), "abc");

const naming = (...evidence: string[]): ManualAnswers => ({
  kind: "checklist",
  items: [{ id: "basket", result: "pass", evidence }],
});

// SHA-256 of "abc": FIPS 180-2, appendix B.1.
const shot =
  "shot.png sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad (3 bytes)";

it("signs a file that shows something by its digest, and a link or a ticket as it was written", () => {
  expect(
    withFiles(naming("file:shot.png", "shot.png", "QA-7", "https://t.example/7"), folder),
  ).toEqual(naming(shot, shot, "QA-7", "https://t.example/7"));
});

it("refuses a file that is not there, so that nobody signs the name of nothing", () => {
  expect(() => withFiles(naming("file:other.png"), folder)).toThrow(/this evidence cannot be read/);
});
