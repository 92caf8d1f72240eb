import { createHmac, randomBytes } from "node:crypto";
import type { CheckDemand } from "../../model/pipeline.ts";
import type { Slot } from "../../model/primitives.ts";
import { namesFault } from "../../model/faults.ts";
import { namesSink } from "../../model/sinks.ts";
import type { ManifestComparison } from "../../ports/check.ts";
import type { SlotManifest } from "../../ports/host-agent-tests.ts";
import { bindingsOf, type BindingsKind, recordSecretRead, resolveBindings } from "./bindings.ts";
import type { CheckSite } from "../check-runs/check-runner.ts";
import { configurationOf } from "./slot-spec.ts";

/**
 * Lets the host agent say what really is on a colour, and holds it against what the promotion says. Values are
 * compared by HMACs under a key that is made for this once: none leaves the agent, and none comes back (law 11).
 */
export async function compareManifest(
  { engine, plan, release }: CheckSite,
  slot: Slot,
  phase: CheckDemand["phase"],
): Promise<ManifestComparison> {
  const bindings: BindingsKind =
    phase === "live" || plan.strategy === "recreate" ? "live" : "isolated";
  const configuration = await configurationOf(engine, plan, plan.configuration);
  await recordSecretRead(engine, plan.lane, {
    for: `comparing what ${slot.colour} was given`,
    references: Object.values(bindingsOf(configuration, bindings).secrets),
  });
  const wanted = await resolveBindings(engine, plan.lane, configuration, bindings);
  const key = randomBytes(32).toString("hex");
  const { service, environment, colour } = slot;
  const seen = await engine.agent.call("slot.manifest", {
    slot: { service, environment, colour },
    key,
  });
  return {
    seen: {
      visible: seen.visible,
      deployed: seen.deployed,
      artifacts: seen.artifacts,
      entries: seen.entries,
      misplaced: seen.misplaced,
      processes: seen.processes.map((one) => ({
        ...one,
        variables: one.variables && Object.keys(one.variables),
      })),
    },
    expected: {
      release: plan.release,
      configuration: plan.configuration,
      bindings,
      artifacts: release.artifacts.map(({ digest }) => digest),
      replicas: Object.fromEntries(
        Object.entries(plan.processes).map(([name, process]) => [name, process.replicas]),
      ),
    },
    keys: compareKeys(key, wanted, seen),
  };
}

function compareKeys(
  key: string,
  wanted: Readonly<Record<string, string>>,
  { delivered, deployed, processes }: SlotManifest,
): ManifestComparison["keys"] {
  const found = new Map(delivered.map((one) => [one.name, one]));
  const keys: ManifestComparison["keys"][number][] = Object.entries(wanted).map(([name, value]) => {
    const one = found.get(name);
    found.delete(name);
    if (one === undefined || one.mac === null) return { name, state: "missing", problem: null };
    if (one.mac !== macOf(key, name, value))
      return { name, state: "other-value", problem: one.problem };
    const changed =
      deployed?.delivery === "variables" && !namesSink(value) && !namesFault(value)
        ? processes.find(({ variables }) => variables !== null && variables[name] !== one.mac)
        : undefined;
    const running =
      changed && `${changed.instance} (pid ${changed.pid}) was started with another value`;
    return { name, state: "as-configured", problem: one.problem ?? running ?? null };
  });
  const rest = [...found.values()].map(
    ({ name, problem }) => ({ name, state: "unexpected", problem }) as const,
  );
  return [...keys, ...rest];
}

/** As the agent makes it (`slot.manifest`). */
export function macOf(key: string, name: string, value: string): string {
  return createHmac("sha256", key).update(`${name.length}:${name}:`).update(value).digest("hex");
}
