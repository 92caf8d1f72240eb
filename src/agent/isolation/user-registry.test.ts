import { randomUUID } from "node:crypto";
import { mkdtemp, mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UserRegistry } from "./user-registry.ts";

let folder: string;
let places: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tl-users-"));
  places = [join(folder, "claims")];
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface SomeAgent {
  readonly dataDir: string;
  readonly agentId: string;
  readonly registry: UserRegistry;
}

async function agent(): Promise<SomeAgent> {
  const agentId = randomUUID();
  const dataDir = join(folder, agentId);
  await mkdir(join(dataDir, "agent"), { recursive: true });
  const registry = await UserRegistry.open(dataDir, agentId, places);
  if (registry === null) throw new Error("no registry");
  return { dataDir, agentId, registry };
}

async function writeState({ dataDir, agentId }: SomeAgent, users: Record<string, number>) {
  const state = JSON.stringify({ agentId, users });
  await writeFile(join(dataDir, "agent", "state.json"), state);
}

/** Claims are judged by their age as well. */
async function age(user: number): Promise<void> {
  const long = new Date(Date.now() - 3_600_000);
  await utimes(join(places[0] ?? "", String(user)), long, long);
}

test("a number belongs to one agent at a time, and to the next one after it was given back", async () => {
  const [one, other] = [await agent(), await agent()];
  expect(await one.registry.claim(61_000)).toBe(true);
  expect(await one.registry.claim(61_000)).toBe(true);
  expect(await other.registry.claim(61_000)).toBe(false);
  await other.registry.release(61_000);
  expect(await other.registry.claim(61_000)).toBe(false);
  await one.registry.release(61_000);
  expect(await other.registry.claim(61_000)).toBe(true);
});

test("a claim stands as long as its agent's state knows it, however old it is", async () => {
  const [one, other] = [await agent(), await agent()];
  await one.registry.claim(61_001);
  await writeState(one, { "shop/production/blue#1": 61_001 });
  await age(61_001);
  expect(await other.registry.claim(61_001)).toBe(false);
  await writeState(one, {});
  expect(await other.registry.claim(61_001)).toBe(true);
});

test("a claim of a data directory that is gone falls, but not a young one", async () => {
  const [one, other] = [await agent(), await agent()];
  await one.registry.claim(61_002);
  await rm(one.dataDir, { recursive: true });
  expect(await other.registry.claim(61_002)).toBe(false);
  await age(61_002);
  expect(await other.registry.claim(61_002)).toBe(true);
});
