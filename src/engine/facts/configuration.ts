import { type Configuration, configurationDigest } from "../../model/configuration.ts";
import type { GateFacts } from "../../model/gate-facts.ts";
import type { Digest } from "../../model/primitives.ts";
import { configurationByDigest } from "../../store/queries/catalogue.ts";
import { emptyConfiguration } from "../promotions/plan-inputs.ts";
import { type FactsSite } from "./site.ts";

/** Names of what is configured otherwise than in what is live, never a value (law 11). */
export async function configurationFacts(
  site: FactsSite,
  given: Configuration | null,
): Promise<GateFacts["configuration"]> {
  const { configuration: digest, live } = site.plan;
  const [before, after] = await Promise.all([
    live && read(site, live.configuration),
    given ?? read(site, digest),
  ]);
  return { digest, changed: before && after && [...changedKeys(before, after)] };
}

/** By its digest, which is over all of it: no row can say otherwise. */
async function read({ engine, plan }: FactsSite, digest: Digest): Promise<Configuration | null> {
  const row = await configurationByDigest(engine.db, plan.lane, digest);
  const content = row?.content ?? emptyConfiguration(plan.lane);
  return configurationDigest(content) === digest ? content : null;
}

/** Sorted. `isolated X`: what a colour under test gets as X; `delivery`: how all of them are handed over. Pure. */
export function changedKeys(before: Configuration, after: Configuration): readonly string[] {
  const [old, fresh] = [keysOf(before), keysOf(after)];
  const names = new Set([...old.keys(), ...fresh.keys()]);
  return [...names].filter((name) => old.get(name) !== fresh.get(name)).sort();
}

function keysOf({ values, secrets, isolated, shared, delivery }: Configuration) {
  const said = (entries: object, prefix = "") =>
    Object.entries(entries).map(
      ([key, value]) => [`${prefix}${key}`, JSON.stringify(value)] as const,
    );
  return new Map([
    ...said(values),
    ...said(secrets),
    ...said(isolated.values, "isolated "),
    ...said(isolated.secrets, "isolated "),
    ...(shared ?? []).map((key) => [`shared ${key}`, ""] as const),
    ["delivery", delivery] as const,
  ]);
}
