import { z } from "zod";
import type { DraftPlace } from "../../observe.ts";
import type { Result, Run } from "./schema.ts";

/**
 * What SARIF has no field for, in `result.properties.tidelock`: of a place in an HTTP surface `method`,
 * `route` and `parameter`; of a package `package`; of an open port `port`; of a resource `resource`.
 */
const Tidelock = z.object({
  method: z.string().optional(),
  route: z.string().optional(),
  parameter: z.string().nullish(),
  package: z
    .object({
      name: z.string(),
      version: z.string(),
      purl: z.string().optional(),
      path: z.string().optional(),
    })
    .optional(),
  port: z
    .object({ host: z.string(), port: z.number(), protocol: z.enum(["tcp", "udp"]).optional() })
    .optional(),
  resource: z.string().optional(),
  aliases: z.array(z.string()).optional(),
  cwe: z.array(z.number()).optional(),
  fixedIn: z.string().optional(),
});
export type Tidelock = z.infer<typeof Tidelock>;

/** Null where there is none, or one of somebody else's. */
export function tidelockOf(result: Result): Tidelock | null {
  const own = result.properties?.["tidelock"];
  return own === undefined ? null : (Tidelock.safeParse(own).data ?? null);
}

export function placeOf(run: Run, result: Result): DraftPlace {
  const own = tidelockOf(result);
  if (own?.package) return { kind: "package", ...own.package };
  if (own?.port) {
    const { host, port, protocol } = own.port;
    return { kind: "port", host, port, ...(protocol === undefined ? {} : { protocol }) };
  }
  if (own?.route !== undefined) {
    const { method = "GET", route, parameter } = own;
    return { kind: "http", method, route, parameter: parameter ?? undefined };
  }
  if (own?.resource !== undefined) return { kind: "resource", name: own.resource };
  const location = result.locations?.[0];
  const { artifactLocation, region } = location?.physicalLocation ?? {};
  const index = artifactLocation?.index ?? -1;
  const uri =
    artifactLocation?.uri ?? (index < 0 ? undefined : run.artifacts?.[index]?.location?.uri);
  if (uri !== undefined && uri !== "") {
    return /^https?:\/\//i.test(uri)
      ? { kind: "http", method: result.webRequest?.method ?? "GET", route: pathOf(uri) }
      : { kind: "file", path: decoded(uri), line: region?.startLine };
  }
  const logical = location?.logicalLocations?.[0];
  return {
    kind: "resource",
    name: logical?.fullyQualifiedName ?? logical?.name ?? run.tool.driver.name ?? "unknown",
  };
}

function pathOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).pathname : uri;
}

/** URIs are percent-encoded; one that is encoded badly stays as it is. */
function decoded(uri: string): string {
  if (!uri.includes("%")) return uri;
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}
