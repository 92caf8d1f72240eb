import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Bug, plantedService } from "../../bench/fuzz/planted.ts";
import { description } from "../../bench/fuzz/planted-description.ts";
import { fuzz, type FuzzResult } from "../../src/checks/api-fuzz/fuzz.ts";
import { ApiFuzzConfiguration } from "../../src/checks/api-fuzz/schema.ts";
import type { RawRequest } from "../../src/checks/probing/operation.ts";
import type { CheckContext } from "../../src/ports/check.ts";
import { checkContext, type TestServer } from "./check-context.ts";

/** The small service with these flaws, on a free port. */
export async function servePlanted(
  bugs: readonly Bug[],
  end: () => void = () => {},
): Promise<TestServer> {
  const server = createServer(plantedService({ bugs: new Set(bugs), end }));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

export type PlantedPath = keyof typeof description.paths;

/** The description with these paths only. */
export function described(...paths: PlantedPath[]): {
  document: string;
} {
  const some = Object.entries(description.paths).filter(([path]) =>
    (paths as readonly string[]).includes(path),
  );
  return { document: JSON.stringify({ ...description, paths: Object.fromEntries(some) }) };
}

/** A run against a small server, without the rate limit, with every request written down. */
export async function fuzzWith(
  origin: string,
  configuration: object,
  change: Partial<CheckContext> = {},
): Promise<FuzzResult & { readonly log: readonly RawRequest[] }> {
  const log: RawRequest[] = [];
  const given = "limits" in configuration ? (configuration.limits as object) : {};
  const limits = { requestsPerSecond: 5_000, randomCases: 2, hangMs: 1_500, ...given };
  const parsed = ApiFuzzConfiguration.parse({ ...configuration, limits });
  const context = checkContext({
    slot: null,
    timeoutMs: 110_000,
    signal: AbortSignal.timeout(110_000),
    ...change,
  });
  const result = await fuzz(
    context,
    parsed,
    { origin, headers: {} },
    { log: (one) => log.push(one) },
  );
  return { ...result, log };
}
