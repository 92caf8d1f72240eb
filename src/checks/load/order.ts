import { readDestination } from "../../egress/destination.ts";
import { pinAddresses } from "../../egress/resolve.ts";
import type { TargetAddress } from "../targets.ts";
import { budgetOf, type Limits } from "./judge.ts";
import type { LoadOrder } from "./protocol.ts";
import { type LoadConfiguration, mostRequests, type Route } from "./schema.ts";

/** One measurement, as the generating process is told it: addresses are judged here, and no name goes along. */
export async function orderOf(
  configuration: LoadConfiguration,
  targets: readonly TargetAddress[],
  rate: number | null,
): Promise<LoadOrder> {
  const mark = targets[0]?.headers ?? {};
  return {
    targets: await Promise.all(targets.map(placeOf)),
    routes: configuration.routes.map((route) => ({
      method: route.method,
      path: route.path,
      headers: { ...headersOf(route), ...mark },
      body: bodyOf(route) ?? null,
      weight: route.weight,
      statuses: route.status === undefined ? null : [route.status].flat(),
      contains: route.contains ?? null,
    })),
    connections: configuration.connections,
    rate,
    warmUpMs: configuration.warmUp,
    durationMs: configuration.duration,
    timeoutMs: configuration.timeoutMs,
    maxBodyBytes: configuration.maxBodyBytes,
    mostRequests,
    ca: configuration.ca ?? null,
  };
}

export function limitsOf(configuration: LoadConfiguration): Limits {
  return {
    routes: configuration.routes.map((route) => ({
      name: nameOf(route),
      budget: budgetOf(configuration.budget, route.budget),
    })),
    perSecond: configuration.perSecond ?? null,
  };
}

export function nameOf({ method, path }: Pick<Route, "method" | "path">): string {
  return `${method} ${path}`;
}

export function headersOf({ headers, json }: Route): Record<string, string> {
  return json === undefined ? headers : { "content-type": "application/json", ...headers };
}

export function bodyOf({ body, json }: Route): string | undefined {
  return json === undefined ? body : JSON.stringify(json);
}

async function placeOf({ origin }: TargetAddress): Promise<LoadOrder["targets"][number]> {
  const destination = readDestination(origin);
  const [address] = await pinAddresses(destination, { allow: [origin], onlyAllowed: true });
  return {
    secure: destination.scheme === "https",
    host: destination.host,
    address: address ?? destination.host,
    port: destination.port,
    authority: destination.authority,
  };
}
