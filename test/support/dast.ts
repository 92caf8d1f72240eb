import { scan, type ScanResult } from "../../src/checks/dast/scan.ts";
import { DastConfiguration } from "../../src/checks/dast/schema.ts";
import type { RawRequest } from "../../src/checks/probing/operation.ts";
import { resolveIdentities } from "../../src/checks/probing/schema.ts";

/** A scan of a small server, without the rate limit, with every request written down. */
export async function scanWith(
  origin: string,
  configuration: object = {},
): Promise<ScanResult & { readonly log: readonly RawRequest[] }> {
  const log: RawRequest[] = [];
  const limits = {
    requestsPerSecond: 5_000,
    ...("limits" in configuration ? (configuration.limits as object) : {}),
  };
  const written = DastConfiguration.parse({ ...configuration, limits });
  const parsed = { ...written, identities: await resolveIdentities({}, written.identities) };
  const context = { signal: AbortSignal.timeout(110_000), timeoutMs: 110_000 };
  const result = await scan(
    context,
    parsed,
    { origin, headers: {} },
    { log: (one) => log.push(one) },
  );
  return { ...result, log };
}
