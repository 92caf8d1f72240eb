import { describe, expect, it } from "vitest";
import type { PromotionView, StepView } from "../../api/views.ts";
import { displayWidth } from "../output/table.ts";
import type { Terminal } from "../terminal.ts";
import { promotionProgress } from "./progress.ts";

function step(index: number, title: string, state: StepView["state"], message = ""): StepView {
  const startedAt = state === "pending" ? null : new Date().toISOString();
  return { index, kind: "x", title, state, attempts: 1, startedAt, endedAt: null, message };
}

const promotion = (steps: StepView[]): PromotionView => ({ steps, waiting: null }) as never;

function terminal(redraws: boolean, size: { columns: number; rows: number }) {
  const written: string[] = [];
  const stderr = { ...size, write: (text: string) => written.push(text) };
  const fake: Terminal = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: stderr as never,
    interactive: redraws,
    redraws,
    print: () => {},
    note: (text) => written.push(`${text}\n`),
    style: (_style, text) => text,
  };
  return { fake, written };
}

describe("on a terminal", () => {
  it("draws in place, and never a line that would wrap and spoil the count", () => {
    const { fake, written } = terminal(true, { columns: 30, rows: 5 });
    const progress = promotionProgress(fake);
    const long = "a very long title with 漢字漢字漢字 that goes on and on";
    const steps = Array.from({ length: 9 }, (_, index) =>
      step(index, `${index} ${long}`, "running"),
    );
    progress.update(promotion(steps));
    progress.update(promotion(steps));
    progress.end();
    const [first = "", up = "", second] = written;
    expect(first.split("\n")).toHaveLength(4);
    for (const line of first.split("\n")) expect(displayWidth(line)).toBeLessThan(30);
    expect(up).toBe("\x1b[3A\x1b[J");
    expect(second).toBe(first);
  });

  it("works on one that does not know its size", () => {
    const { fake, written } = terminal(true, { columns: 0, rows: 0 });
    const progress = promotionProgress(fake);
    progress.update(promotion([step(0, "deploy", "running"), step(1, "switch", "pending")]));
    progress.end();
    expect(written.join("")).toContain("deploy");
    expect(written.join("")).toContain("switch");
  });

  it("leaves the end of a service's log to the last word", () => {
    const { fake, written } = terminal(false, { columns: 80, rows: 24 });
    const progress = promotionProgress(fake);
    const message = "web-0 exited: exit code 3; its log ends:\n  no database";
    progress.update(promotion([step(0, "ready", "failed", message)]));
    progress.end();
    expect(written.join("")).toMatch(/web-0 exited: exit code 3\n$/);
  });

  it("lets no step's words act on it", () => {
    const { fake, written } = terminal(true, { columns: 80, rows: 24 });
    const progress = promotionProgress(fake);
    progress.update(promotion([step(0, "x\x1b[2Jy\nz", "failed", "\x1b]0;title\x07said")]));
    progress.end();
    expect(written).toEqual([expect.stringMatching(/^✗ xy\\x0az \(\d+ ms\): said\n$/)]);
  });
});

describe("without one", () => {
  it("says each end once, and nothing of steps that only pass by", () => {
    const { fake, written } = terminal(false, { columns: 0, rows: 0 });
    const progress = promotionProgress(fake);
    progress.update(promotion([step(0, "admit", "running")]));
    const done = promotion([step(0, "admit", "done"), step(1, "deploy", "running")]);
    progress.update(done);
    progress.update(done);
    progress.end();
    expect(written).toEqual([expect.stringMatching(/^✓ admit \(\d+ ms\)\n$/)]);
  });
});
