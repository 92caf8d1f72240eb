import type { Fault } from "../../ports/host-agent-faults.ts";
import type { Result } from "../../ports/host-agent.ts";
import type { ChaosConfiguration, Experiment } from "./schema.ts";

type Offers = Result<"fault.offers">;

/** One experiment with everything drawn that is to be drawn. */
export interface Designed {
  readonly name: string;
  readonly experiment: Experiment;
  readonly fault: Fault;
}

/** Why an experiment cannot be carried out here, and whether by what the machine lacks or by what was written. */
export interface Impossible {
  readonly name: string;
  readonly why: string;
  readonly lacking: boolean;
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32, public domain). */
function lots(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Order and victims: the same seed, experiments and instances give the same. Pure. */
export function design(
  { seed, order, experiments }: ChaosConfiguration,
  offers: Offers,
  routed: string | null,
): { readonly designed: readonly Designed[]; readonly impossible: readonly Impossible[] } {
  const draw = lots(seed);
  const designed: Designed[] = [];
  const impossible: Impossible[] = [];
  for (const [index, experiment] of experiments.entries()) {
    const name = experiment.name ?? `${index + 1}: ${nameOf(experiment.fault)}`;
    // Drawn for each, needed or not: one that is changed then leaves the others as they are.
    const lot = draw();
    const fault = faultOf(experiment, offers, routed, lot);
    if ("why" in fault) impossible.push({ name, ...fault });
    else designed.push({ name, experiment, fault });
  }
  return { designed: order === "shuffled" ? shuffled(designed, draw) : designed, impossible };
}

function faultOf(
  { fault }: Experiment,
  offers: Offers,
  routed: string | null,
  lot: number,
): Fault | { readonly why: string; readonly lacking: boolean } {
  const seed = Math.floor(lot * 2 ** 32);
  switch (fault.kind) {
    case "kill":
    case "pause": {
      const process = fault.process ?? routed ?? offers.instances[0]?.process;
      const names = offers.instances
        .filter((one) => one.process === process)
        .map(({ name }) => name)
        .sort();
      const victim = names[Math.floor(lot * names.length)];
      if (victim === undefined) {
        return { why: `there is no instance of a process ${process ?? ""}`, lacking: false };
      }
      return { kind: fault.kind, instances: fault.instances === "all" ? names : [victim] };
    }
    case "latency":
    case "error": {
      if (!offers.dependencies.some(({ name }) => name === fault.dependency)) {
        const why = `the isolated configuration declares no {fault.${fault.dependency}=<host>:<port>}, so no way to it can be hurt`;
        return { why, lacking: false };
      }
      return { ...fault, seed };
    }
    case "disk-full": {
      const { bytes, impossible } = offers.disk;
      // What was declared, and this machine does not give.
      return impossible === null
        ? { kind: "disk-full" }
        : { why: impossible, lacking: bytes !== null };
    }
  }
}

export function nameOf(fault: Experiment["fault"]): string {
  switch (fault.kind) {
    case "kill":
    case "pause":
      return `${fault.kind} ${fault.instances === "all" ? "every" : "one"} ${fault.process ?? "instance"}`;
    case "latency":
      return `${fault.dependency} ${fault.addMs} ms later`;
    case "error":
      return `${fault.dependency} ${fault.how === "reset" ? "reset" : `answers ${fault.status}`}`;
    case "disk-full":
      return "disk full";
  }
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], draw: () => number): readonly T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(draw() * (last + 1));
    const [a, b] = [result[last], result[other]];
    if (a === undefined || b === undefined) continue;
    result[last] = b;
    result[other] = a;
  }
  return result;
}
