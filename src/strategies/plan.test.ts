import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { Environment, Pipeline } from "../model/pipeline.ts";
import type { Plan } from "../model/plan.ts";
import { digestOf } from "../model/canonical.ts";
import { compensationsFor } from "./compensation.ts";
import { type Direction, makePlan, readPlan, titleOf } from "./plan.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

function pipeline(overrides: Record<string, unknown> = {}): Pipeline {
  return Pipeline.parse({
    apiVersion: "tidelock.dev/v1",
    kind: "Pipeline",
    metadata: { name: "shop" },
    spec: {
      processes: { web: { command: ["node", "server.js"] } },
      environments: [
        { name: "staging", soak: "1m" },
        {
          name: "production",
          checks: [
            { name: "lint", uses: "command", phase: "static" },
            { name: "smoke", uses: "http" },
          ],
          replicas: { web: 3 },
          ...overrides,
        },
      ],
    },
  });
}

function environment(spec: Record<string, unknown> = {}): Environment {
  return Environment.parse({
    apiVersion: "tidelock.dev/v1",
    kind: "Environment",
    metadata: { name: "production" },
    spec: {
      tier: "production",
      router: { type: "embedded", listen: { shop: "127.0.0.1:8080" } },
      ...spec,
    },
  });
}

const live: Plan["live"] = { release: digest("a"), configuration: digest("b"), colour: "blue" };

function plan(
  options: {
    direction?: Direction;
    live?: Plan["live"];
    pipeline?: Pipeline;
    environment?: Environment;
  } = {},
): Plan {
  return makePlan(
    {
      lane: { service: "shop", environment: "production" },
      release: digest("c"),
      configuration: digest("d"),
      pipeline: { digest: digest("e"), document: options.pipeline ?? pipeline() },
      environment: { digest: digest("f"), document: options.environment ?? environment() },
      live: options.live === undefined ? live : options.live,
      scannersOf: (checks) =>
        checks.map(({ name, uses }) => ({ check: name, engine: uses, kinds: ["sast"] })),
    },
    options.direction ?? "forward",
  );
}

const kinds = (made: Plan) => made.steps.map((step) => step.kind).join(" ");

describe("blue-green", () => {
  it("tests the idle colour, then starts fresh instances with live bindings before the switch", () => {
    expect(plan().steps.map(titleOf)).toEqual([
      "admit",
      "check lint",
      "deploy to green with isolated bindings",
      "wait until green is ready (isolated)",
      "prove the identity of green (isolated)",
      "check smoke on green",
      "gate",
      "deploy to green with live bindings",
      "wait until green is ready (live)",
      "prove the identity of green (live)",
      "switch traffic from blue to green",
      "read the route back: green",
      "watch green",
      "complete on green",
    ]);
  });

  it("starts on blue and switches from nothing when nothing is live", () => {
    const first = plan({ live: null });
    expect(first.steps.find((step) => step.kind === "switch")).toEqual({
      kind: "switch",
      from: null,
      to: "blue",
    });
  });

  it("only moves traffic when the old colour still stands", () => {
    expect(kinds(plan({ direction: "switch-back" }))).toBe("switch verify-route complete");
  });

  it("goes back through fresh instances without running checks again", () => {
    expect(kinds(plan({ direction: "back" }))).toBe(
      "admit gate deploy ready prove-identity switch verify-route watch complete",
    );
  });
});

describe("recreate", () => {
  const recreate = pipeline({ strategy: "recreate" });

  it("stops the old colour before the new one starts, and never runs two at once", () => {
    const made = plan({ pipeline: recreate });
    expect(kinds(made)).toBe(
      "admit check stop deploy ready prove-identity gate switch verify-route watch complete".replace(
        "prove-identity gate",
        "prove-identity check gate",
      ),
    );
  });

  it("starts the old release again, returns the traffic, then removes the new one", () => {
    const made = plan({ pipeline: recreate });
    const at = made.steps.findIndex((step) => step.kind === "gate");
    expect(compensationsFor(made, at)).toEqual([
      { kind: "restore", colour: "blue" },
      { kind: "return-traffic", from: "green", to: "blue" },
      { kind: "destroy", colour: "green" },
    ]);
  });
});

describe("demands", () => {
  it("takes the floor's checks, the stricter gate and the longer soak", () => {
    const floor = {
      gate: "strict",
      minimumSoak: "2h",
      isolation: "separate-user",
      checks: [{ name: "headers", uses: "smoke" }],
    };
    const made = plan({ environment: environment({ floor }) });
    expect(made.checks.map((check) => check.name)).toEqual(["headers", "lint", "smoke"]);
    expect(made).toMatchObject({
      gate: "strict",
      soakMs: 7_200_000,
      minimumIsolation: "separate-user",
    });
  });

  it("keeps the floor's check beside a pipeline's other one of the same name", () => {
    const floor = { checks: [{ name: "smoke", uses: "http", with: { path: "/other" } }] };
    const made = plan({ environment: environment({ floor }) });
    expect(made.checks.map((check) => check.name)).toEqual(["smoke", "lint", "smoke-own"]);
  });

  it("sizes the processes for the environment and names the one above as predecessor", () => {
    const made = plan();
    expect(made.processes["web"]?.replicas).toBe(3);
    expect(made.predecessors).toEqual(["staging"]);
  });
});

describe("a stored plan", () => {
  it("reads back as what it was", () => {
    const made = plan();
    expect(readPlan(JSON.parse(JSON.stringify(made)))).toEqual(made);
  });

  it("is refused, naming the format, when this program does not know it", () => {
    expect(() => readPlan({ ...plan(), formatVersion: 2 })).toThrow(/format 2.*knows format 1/);
  });
});

describe("laws of plans", () => {
  const anyPlan = fc
    .record({
      strategy: fc.constantFrom("blue-green" as const, "recreate" as const),
      colour: fc.option(fc.constantFrom("blue" as const, "green" as const), { nil: null }),
      direction: fc.constantFrom<Direction>("forward", "back"),
    })
    .map(({ strategy, colour, direction }) =>
      plan({
        direction,
        pipeline: pipeline({ strategy }),
        live: colour && { release: digest("a"), configuration: digest("b"), colour },
      }),
    );

  it("has the floor's rules and the pipeline's, and no word of rules where nobody has one", () => {
    const [none, own] = [
      { name: "a", require: "live == null" },
      { name: "b", require: "live != null" },
    ];
    const rules = {
      pipeline: pipeline({ rules: [own] }),
      environment: environment({ floor: { rules: [none] } }),
    };
    const both = [
      { ...none, from: "floor" },
      { ...own, from: "pipeline" },
    ];
    expect(plan(rules).rules).toEqual(both);
    expect(readPlan(JSON.parse(JSON.stringify(plan(rules)))).rules).toEqual(both);
    expect(plan({ ...rules, direction: "back" }).rules).toEqual(both);
    // Only the traffic moves: no gate is asked.
    expect(plan({ ...rules, direction: "switch-back" })).not.toHaveProperty("rules");
    expect(plan()).not.toHaveProperty("rules");
    expect(plan({ pipeline: pipeline({ rules: [] }) })).not.toHaveProperty("rules");
  });

  it("the same inputs give the same digest", () => {
    fc.assert(
      fc.property(anyPlan, (made) => digestOf(made) === digestOf(JSON.parse(JSON.stringify(made)))),
    );
  });

  it("no step before the switch touches the live colour, unless the strategy is to stop it", () => {
    fc.assert(
      fc.property(anyPlan, (made) => {
        const before = made.steps.slice(
          0,
          made.steps.findIndex((step) => step.kind === "switch"),
        );
        for (const step of before) {
          if (step.kind === "stop") continue;
          if ("colour" in step && made.live) expect(step.colour).not.toBe(made.live.colour);
        }
      }),
    );
  });

  it("traffic moves only to a colour that was started live, was ready, was proven and passed the gate", () => {
    fc.assert(
      fc.property(anyPlan, (made) => {
        const at = made.steps.findIndex((step) => step.kind === "switch");
        const before = made.steps.slice(0, at);
        const last = before.findLast((step) => step.kind === "deploy");
        expect(last).toMatchObject({ bindings: "live" });
        for (const kind of ["ready", "prove-identity", "gate"]) {
          expect(before.some((step) => step.kind === kind)).toBe(true);
        }
      }),
    );
  });

  it("wherever it ends, users go back before anything is removed, and never onto what is removed", () => {
    fc.assert(
      fc.property(anyPlan, fc.nat(20), (made, reached) => {
        const list = compensationsFor(made, Math.min(reached, made.steps.length - 1));
        const removed = list.findIndex((one) => one.kind === "destroy");
        const returned = list.findIndex((one) => one.kind === "return-traffic");
        if (returned >= 0 && removed >= 0) expect(returned).toBeLessThan(removed);
        for (const one of list) {
          if (one.kind === "destroy") expect(one.colour).not.toBe(made.live?.colour);
        }
      }),
    );
  });
});
