import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CheckNode, conflict, nextMoves } from "./check-graph.ts";

function node(name: string, change: Partial<CheckNode> = {}): CheckNode {
  return {
    name,
    cost: "cheap",
    disturbs: [],
    sensitiveTo: [],
    subject: "green",
    needs: [],
    outOfBand: false,
    exclusive: false,
    state: "idle",
    ...change,
  };
}

const kinds = (nodes: readonly CheckNode[], atOnce = 4) =>
  Object.fromEntries([...nextMoves(nodes, { atOnce })].map(([name, { kind }]) => [name, kind]));

describe("the order of checks", () => {
  it("starts independent ones together, as many as may run at once", () => {
    const nodes = ["a", "b", "c"].map((name) => node(name));
    expect(kinds(nodes, 2)).toEqual({ a: "start", b: "start", c: "wait" });
  });

  it("runs cheap ones before dear ones", () => {
    const dear = node("dast", { cost: "expensive" });
    expect(kinds([dear, node("lint")])).toEqual({ dast: "wait", lint: "start" });
    expect(kinds([dear, node("lint", { state: "passed" })])).toEqual({ dast: "start" });
  });

  it("begins nothing after a failure, and names it", () => {
    const nodes = [node("lint", { state: "failed" }), node("dast", { cost: "expensive" })];
    expect(nextMoves(nodes, { atOnce: 4 }).get("dast")).toEqual({
      kind: "skip",
      because: ["lint"],
      why: "lint did not pass",
    });
  });

  it("keeps apart what would falsify each other, and only on one subject", () => {
    const load = node("load", { disturbs: ["load"], state: "running" });
    const slow = { sensitiveTo: ["load"] } as const;
    expect(kinds([load, node("latency", slow)])).toEqual({ latency: "wait" });
    expect(kinds([load, node("latency", { ...slow, subject: "blue" })])).toEqual({
      latency: "start",
    });
    expect(kinds([load, node("files", { ...slow, subject: null })])).toEqual({ files: "start" });
  });

  it("gives an exclusive one its subject alone", () => {
    const nodes = [node("a", { state: "running" }), node("chaos", { exclusive: true })];
    expect(kinds(nodes)).toEqual({ chaos: "wait" });
    const other = [node("chaos", { exclusive: true, state: "running" }), node("a")];
    expect(kinds(other)).toEqual({ a: "wait" });
  });

  it("does not wait for one that is out of band", () => {
    const nodes = [
      node("sast", { outOfBand: true, state: "running", subject: null }),
      node("dast", { cost: "expensive" }),
    ];
    expect(kinds(nodes)).toEqual({ dast: "start" });
  });

  it("skips what needs something that is not there, or itself", () => {
    expect(kinds([node("a", { needs: ["nobody"] })])).toEqual({ a: "skip" });
    expect(kinds([node("a", { needs: ["b"] }), node("b", { needs: ["a"] })])).toEqual({
      a: "skip",
      b: "skip",
    });
  });
});

const disturbance = fc.constantFrom("load", "data", "availability", "sessions" as const);
const names = ["a", "b", "c", "d", "e", "f"];

/** Any graph, circles and unknown needs included. */
const graph = fc
  .tuple(
    ...names.map((name) =>
      fc.record({
        name: fc.constant(name),
        cost: fc.constantFrom("cheap", "moderate", "expensive" as const),
        disturbs: fc.uniqueArray(disturbance, { maxLength: 2 }),
        sensitiveTo: fc.uniqueArray(disturbance, { maxLength: 2 }),
        subject: fc.constantFrom(null, "green", "blue"),
        needs: fc.uniqueArray(fc.constantFrom(...names, "nobody"), { maxLength: 2 }),
        outOfBand: fc.boolean(),
        exclusive: fc.boolean(),
        state: fc.constant("idle" as const),
      }),
    ),
  )
  .chain((all) => fc.subarray(all, { minLength: 1 })) as fc.Arbitrary<CheckNode[]>;

/** Plays a graph to its end; `ends` says which of those that run ends next, and how. */
function play(
  start: readonly CheckNode[],
  atOnce: number,
  ends: readonly { pick: number; passes: boolean }[],
  look: (nodes: readonly CheckNode[], begun: readonly CheckNode[]) => void,
): readonly CheckNode[] {
  let nodes = [...start];
  const set = (name: string, state: CheckNode["state"]) => {
    nodes = nodes.map((one) => (one.name === name ? { ...one, state } : one));
  };
  for (let turn = 0; turn < 50; turn += 1) {
    const before = nodes;
    const begun: CheckNode[] = [];
    for (const [name, move] of nextMoves(nodes, { atOnce })) {
      if (move.kind === "start") {
        set(name, "running");
        begun.push(...nodes.filter((one) => one.name === name));
      } else if (move.kind === "skip") set(name, "skipped");
    }
    look(before, begun);
    const running = nodes.filter(({ state }) => state === "running");
    if (running.length === 0) break;
    const { pick, passes } = ends[turn % ends.length]!;
    set(running[pick % running.length]!.name, passes ? "passed" : "failed");
    look(nodes, []);
  }
  return nodes;
}

const outcomes = fc.array(fc.record({ pick: fc.nat(5), passes: fc.boolean() }), { minLength: 1 });

describe("for any graph and any order of endings", () => {
  it("every order comes to its end: all passed, failed or skipped", () => {
    fc.assert(
      fc.property(graph, fc.integer({ min: 1, max: 4 }), outcomes, (nodes, atOnce, ends) => {
        const last = play(nodes, atOnce, ends, () => undefined);
        expect(last.filter(({ state }) => state === "idle" || state === "running")).toEqual([]);
      }),
    );
  });

  it("no two that conflict ever overlap, and never more run than may", () => {
    fc.assert(
      fc.property(graph, fc.integer({ min: 1, max: 4 }), outcomes, (nodes, atOnce, ends) => {
        play(nodes, atOnce, ends, (now, begun) => {
          const going = [...now.filter(({ state }) => state === "running"), ...begun];
          expect(going.length).toBeLessThanOrEqual(atOnce);
          for (const [place, one] of going.entries()) {
            for (const other of going.slice(place + 1)) expect(conflict(one, other)).toBe(false);
          }
        });
      }),
    );
  });

  it("nothing begins after a failure, nothing dear before what is cheaper, nothing before what it needs", () => {
    const order = ["cheap", "moderate", "expensive"];
    fc.assert(
      fc.property(graph, outcomes, (nodes, ends) => {
        play(nodes, 4, ends, (now, begun) => {
          if (now.some(({ state }) => state === "failed")) expect(begun).toEqual([]);
          for (const one of begun) {
            for (const name of one.needs) {
              expect(now.find((other) => other.name === name)?.state).toBe("passed");
            }
            const cheaper = now.filter(
              (other) =>
                !other.outOfBand &&
                other.needs.length === 0 &&
                order.indexOf(other.cost) < order.indexOf(one.cost),
            );
            expect(cheaper.filter(({ state }) => state === "idle" || state === "running")).toEqual(
              [],
            );
          }
        });
      }),
    );
  });

  it("all run where all pass and nothing needs what is missing", () => {
    const sound = graph.map((nodes) => nodes.map((one) => ({ ...one, needs: [] })));
    fc.assert(
      fc.property(sound, fc.integer({ min: 1, max: 3 }), fc.nat(5), (nodes, atOnce, pick) => {
        const last = play(nodes, atOnce, [{ pick, passes: true }], () => undefined);
        expect(last.every(({ state }) => state === "passed")).toBe(true);
      }),
    );
  });
});
