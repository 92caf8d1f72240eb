import { z } from "zod";
import type { Format } from "../format.ts";
import { count, fieldOf, many, wholeness, words } from "../loose.ts";
import { draftsOf } from "./check.ts";

const Result = z.object({
  id: words,
  desc: words,
  result: words,
  details: words,
  items: many(words),
  remediation: words,
});

const Frame = z.object({
  dockerbenchsecurity: words,
  end: count,
  checks: count,
  tests: z.array(z.unknown()),
});

/** Docker Bench for Security's JSON (`docker-bench-security.sh.log.json`). */
export const dockerBench: Format = {
  id: "docker-bench",
  title: "Docker Bench for Security (JSON)",
  syntax: "json",
  items: [{ path: ["tests", "*", "results", "*"] }],
  recognise: (sample) =>
    sample.syntax === "json" && fieldOf(sample.value, "dockerbenchsecurity") !== undefined,
  open(frame) {
    const { dockerbenchsecurity: version, end, checks } = Frame.parse(frame);
    let assertions = 0;
    return {
      item(value) {
        const { items, ...result } = Result.parse(value);
        assertions += 1;
        return draftsOf({ ...result, details: result.details || items.join(" ") });
      },
      end: () => ({
        tool: { name: "docker-bench-security", version: version || "unknown" },
        ...(end === null || end <= 0 || end > 1e11
          ? {}
          : { madeAt: new Date(end * 1_000).toISOString() }),
        exercised: { assertions },
        ...wholeness(
          checks === null || end === null ? "its end" : undefined,
          checks !== null && checks > assertions
            ? `it counts ${checks} checks and has ${assertions}`
            : undefined,
        ),
      }),
    };
  },
};
