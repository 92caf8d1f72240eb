import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { root } from "../../scripts/test/run-step.ts";
import { type Installation, moveToFreePorts } from "./installation.ts";

export interface RealService {
  readonly name: string;
  /** Below `examples/real/`. */
  readonly folder: string;
  /** Whether `release create` has to run the declared build. */
  readonly build: boolean;
  /** A text on its page. */
  readonly says: string;
}

/** Takes a service from development to production with the commands of docs/real-services.md. */
export async function releaseEverywhere(
  installation: Installation,
  { name, folder, build, says }: RealService,
): Promise<void> {
  const service = join(installation.folder, folder);
  cpSync(join(root, "examples", "real", folder), service, { recursive: true });
  const addresses = await moveToFreePorts(join(service, "tidelock.yaml"));
  await installation.tidelock(["pipeline", "apply"], service);
  const create = ["release", "create", "--version", "1.0.0", ...(build ? ["--build"] : [])];
  await installation.tidelock(create, service);
  for (const tier of ["development", "testing", "staging", "production"]) {
    const environment = `${name}-${tier}`;
    const words = ["promote", `${name}@1.0.0`, "--to", environment, "--wait"];
    await installation.tidelock(words, service);
    const response = await fetch(addresses.get(environment) ?? "");
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(says);
  }
}
