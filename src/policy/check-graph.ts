import type { Check, Disturbance } from "../ports/check.ts";

/**
 * In which order the checks of a promotion run: independent ones in parallel, cheap before dear, nothing new
 * after a failure, nothing beside what would falsify it. Pure: from what is known now to what to do now.
 *
 *   idle --start--> running --> passed
 *     |                  \----> failed
 *     \--skip--> skipped        (never begun: recorded as `missing`, with the reason)
 *
 * An error that may be tried again is `idle` once more.
 */
export interface CheckNode {
  readonly name: string;
  readonly cost: Check["cost"];
  readonly disturbs: readonly Disturbance[];
  readonly sensitiveTo: readonly Disturbance[];
  /** What it tests. Null for one that reads files only: it disturbs nobody and nobody disturbs it. */
  readonly subject: string | null;
  readonly needs: readonly string[];
  /** The promotion does not wait for it, and nothing else does. */
  readonly outOfBand: boolean;
  /** Nothing else tests the same subject meanwhile. */
  readonly exclusive: boolean;
  readonly state: "idle" | "running" | "passed" | "failed" | "skipped";
}

export type Move =
  | { readonly kind: "start" }
  | { readonly kind: "wait"; readonly on: readonly string[]; readonly why: string }
  | { readonly kind: "skip"; readonly because: readonly string[]; readonly why: string };

const ranks: Readonly<Record<Check["cost"], number>> = {
  cheap: 0,
  moderate: 1,
  expensive: 2,
  // Nobody is asked to look at what a machine has refused already.
  people: 3,
};

/**
 * What to do with every idle check, by name.
 *
 * @param atOnce how many may run at the same time, at least 1
 */
export function nextMoves(
  nodes: readonly CheckNode[],
  { atOnce }: { readonly atOnce: number },
): ReadonlyMap<string, Move> {
  const moves = new Map<string, Move>();
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const running = nodes.filter(({ state }) => state === "running");
  const failed = namesOf(nodes.filter(({ state }) => state === "failed"));
  const rank = ranker(byName);
  for (const node of nodes.filter(({ state }) => state === "idle")) {
    const move = moveOf(node);
    moves.set(node.name, move);
    if (move.kind === "start") running.push(node);
  }
  if (running.length > 0) return moves;
  // Nothing runs and nothing can be begun: what is left waits for itself.
  for (const [name, move] of moves) {
    if (move.kind !== "wait") continue;
    moves.set(name, { kind: "skip", because: move.on, why: `it would wait for ever: ${move.why}` });
  }
  return moves;

  function moveOf(node: CheckNode): Move {
    if (failed.length > 0) {
      return { kind: "skip", because: failed, why: `${failed.join(", ")} did not pass` };
    }
    const lost = node.needs.filter((name) => {
      const needed = byName.get(name);
      return needed === undefined || needed.state === "skipped";
    });
    if (lost.length > 0) {
      return { kind: "skip", because: lost, why: `it needs ${lost.join(", ")}, which did not run` };
    }
    const needed = node.needs.filter((name) => byName.get(name)?.state !== "passed");
    if (needed.length > 0) return wait(needed, `it needs ${needed.join(", ")}`);
    const cheaper = nodes.filter(
      (other) =>
        !other.outOfBand &&
        (other.state === "idle" || other.state === "running") &&
        rank(other) < rank(node),
    );
    if (cheaper.length > 0) {
      return wait(namesOf(cheaper), `${namesOf(cheaper).join(", ")} cost less and go first`);
    }
    const disturbing = running.filter((other) => conflict(node, other));
    if (disturbing.length > 0) {
      const names = namesOf(disturbing);
      return wait(names, `${names.join(", ")} would falsify it, or it them`);
    }
    const working = running.filter(({ cost }) => cost !== "people");
    if (node.cost !== "people" && working.length >= Math.max(1, atOnce)) {
      return wait(namesOf(working), `${working.length} checks run at once already`);
    }
    return { kind: "start" };
  }
}

/**
 * What a check that leans on scans needs beside what its demand says: every scan around it that does not itself come
 * after it. One that nobody waits for is waited for by nobody here either.
 */
export function scansBefore(
  nodes: readonly Pick<CheckNode, "name" | "needs" | "outOfBand">[],
  reader: string,
  scans: ReadonlySet<string>,
): readonly string[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const comesAfter = (name: string, met = new Set<string>()): boolean => {
    if (name === reader) return true;
    if (met.has(name)) return false;
    met.add(name);
    return (byName.get(name)?.needs ?? []).some((one) => comesAfter(one, met));
  };
  return nodes
    .filter(({ name, outOfBand }) => scans.has(name) && !outOfBand && !comesAfter(name))
    .map(({ name }) => name);
}

function wait(on: readonly string[], why: string): Move {
  return { kind: "wait", on, why };
}

function namesOf(nodes: readonly CheckNode[]): string[] {
  return nodes.map(({ name }) => name);
}

/** Two that must never overlap: they test the same thing, and one would make the other's answer wrong. */
export function conflict(a: CheckNode, b: CheckNode): boolean {
  if (a.subject === null || a.subject !== b.subject) return false;
  const falsifies = (one: CheckNode, other: CheckNode) =>
    one.disturbs.some((what) => other.sensitiveTo.includes(what));
  return a.exclusive || b.exclusive || falsifies(a, b) || falsifies(b, a);
}

/** What a check costs with all that it needs: one that waits for a dear one is not cheap. */
function ranker(byName: ReadonlyMap<string, CheckNode>): (node: CheckNode) => number {
  const known = new Map<string, number>();
  const rank = (node: CheckNode): number => {
    const before = known.get(node.name);
    if (before !== undefined) return before;
    // A circle ends here: its own cost stands for it meanwhile.
    known.set(node.name, ranks[node.cost]);
    const needed = node.needs.flatMap((name) => byName.get(name) ?? []).map(rank);
    const whole = Math.max(ranks[node.cost], ...needed);
    known.set(node.name, whole);
    return whole;
  };
  return rank;
}
