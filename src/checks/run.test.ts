import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkContext } from "../../test/support/check-context.ts";
import { TidelockError } from "../model/errors.ts";
import type { CheckReport } from "../model/verdict.ts";
import type { Check, CheckContext } from "../ports/check.ts";
import { maxRawBytes } from "./kept-text.ts";
import { runCheck } from "./run.ts";

const report: CheckReport = {
  verdict: "pass",
  summary: "fine",
  exercised: { requests: 1, assertions: 1, files: 0 },
  tools: {},
  results: [],
};

function check(run: (context: CheckContext) => Promise<CheckReport>): Check {
  return {
    id: "fake",
    schema: z.strictObject({ n: z.int().optional() }),
    touch: "passive",
    cost: "cheap",
    disturbs: [],
    sensitiveTo: [],
    judgedBy: "itself",
    run,
  };
}

const demand = { name: "fake", with: {}, timeout: 5_000 };

describe("running a check", () => {
  it("hands a good report through", async () => {
    expect(
      await runCheck(
        check(async () => report),
        checkContext(),
        demand,
      ),
    ).toEqual(report);
  });

  it("turns a throw into error, with where and what to do", async () => {
    const broken = check(async () => {
      throw new TidelockError("unavailable", "no agent", { where: "host-1", hint: "start it" });
    });
    const { verdict, summary } = await runCheck(broken, checkContext(), demand);
    expect({ verdict, summary }).toEqual({
      verdict: "error",
      summary: "no agent (host-1); start it",
    });
  });

  it("turns a bug into error and says that the check broke", async () => {
    const broken = check(async () => {
      throw new TypeError("x is not a function");
    });
    const { verdict, summary } = await runCheck(broken, checkContext(), demand);
    expect(verdict).toBe("error");
    expect(summary).toBe("the check broke: x is not a function");
  });

  it("turns a synchronous throw into error as well", async () => {
    const broken: Check = {
      ...check(async () => report),
      run: () => {
        throw new Error("at once");
      },
    };
    expect((await runCheck(broken, checkContext(), demand)).verdict).toBe("error");
  });

  it("turns a configuration that does not fit into error and names the field", async () => {
    const wrong = { ...demand, with: { n: "x" } };
    const { verdict, summary } = await runCheck(
      check(async () => report),
      checkContext(),
      wrong,
    );
    expect(verdict).toBe("error");
    expect(summary).toContain("with.n");
  });

  it("tells a slow check to stop, and is error whatever it answers then", async () => {
    const slow = check(async (context) => {
      await new Promise((resolve) => {
        context.signal.addEventListener("abort", resolve);
      });
      return report;
    });
    const { verdict, summary } = await runCheck(slow, checkContext(), { ...demand, timeout: 50 });
    expect(verdict).toBe("error");
    expect(summary).toContain("time limit of 0.05 s");
  });

  it("does not wait for a check that ignores its signal", async () => {
    const deaf = check(async () => {
      await sleep(60_000, undefined, { ref: false });
      return report;
    });
    const started = performance.now();
    const { verdict } = await runCheck(deaf, checkContext(), { ...demand, timeout: 20 });
    expect(verdict).toBe("error");
    expect(performance.now() - started).toBeLessThan(6_000);
  });

  it("is error when it is stopped from outside", async () => {
    const stop = new AbortController();
    const waiting = check(async (context) => {
      stop.abort();
      context.signal.throwIfAborted();
      return report;
    });
    const { verdict, summary } = await runCheck(
      waiting,
      checkContext({ signal: stop.signal }),
      demand,
    );
    expect({ verdict, summary }).toEqual({
      verdict: "error",
      summary: "it was stopped before it ended",
    });
  });

  it.each(["pass", "warn"] as const)(
    "takes a %s that exercised nothing as inconclusive",
    async (said) => {
      const exercised = { requests: 0, assertions: 0, files: 0 };
      const empty = check(async () => ({ ...report, verdict: said, exercised }));
      const { verdict, summary } = await runCheck(empty, checkContext(), demand);
      expect(verdict).toBe("inconclusive");
      expect(summary).toContain("nothing was exercised");
    },
  );

  it("blanks secrets in every text, however they are written", async () => {
    const secret = 'p"ss/w+rd ü';
    const forms = [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret),
      Buffer.from(secret).toString("base64"),
      Buffer.from(secret).toString("base64url"),
      "tester-credential",
    ];
    const leaky = check(async () => ({
      ...report,
      summary: forms.join(" "),
      results: forms.map((form) => ({ name: form, verdict: "pass" as const, message: form })),
      raw: { format: "text", text: forms.join("\n"), truncated: false },
    }));
    const context = checkContext({ tester: { header: "x", value: "tester-credential" } });
    const text = JSON.stringify(await runCheck(leaky, context, demand, { secrets: [secret] }));
    for (const form of forms) {
      expect(text).not.toContain(form);
      expect(text).not.toContain(JSON.stringify(form).slice(1, -1));
    }
    expect(text).toContain("[redacted]");
  });

  it("blanks secrets in the text of an error", async () => {
    const leaky = check(async () => {
      throw new Error("cannot reach postgres://u:hunter22@db");
    });
    const { summary } = await runCheck(leaky, checkContext(), demand, { secrets: ["hunter22"] });
    expect(summary).not.toContain("hunter22");
  });

  it("cuts a long output at a whole character and says so", async () => {
    const long = check(async () => ({
      ...report,
      raw: { format: "text", text: "é".repeat(maxRawBytes), truncated: false },
    }));
    const { raw } = await runCheck(long, checkContext(), demand);
    expect(raw?.truncated).toBe(true);
    expect(Buffer.byteLength(raw?.text ?? "")).toBe(maxRawBytes);
    expect(raw?.text.endsWith("é")).toBe(true);
  });

  it("keeps the bad results when there are too many", async () => {
    const many = check(async () => ({
      ...report,
      results: Array.from({ length: 2_000 }, (_, i) => ({
        name: `${i}`,
        verdict: i === 1_999 ? ("fail" as const) : ("pass" as const),
        message: "",
      })),
    }));
    const { results } = await runCheck(many, checkContext(), demand);
    expect(results).toHaveLength(500);
    expect(results[0]).toMatchObject({ name: "1999", verdict: "fail" });
  });
});
