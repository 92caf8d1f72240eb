import { describe, expect, it } from "vitest";
import { Configuration } from "../../model/configuration.ts";
import type { LedgerEntry } from "../../ports/ledger.ts";
import { readCheckSecret } from "./check-secrets.ts";
import type { Engine } from "../engine.ts";

const lane = { service: "shop", environment: "production" };
const configuration = Configuration.parse({
  kind: "Configuration",
  formatVersion: 1,
  ...lane,
  secrets: { DB: { name: "shop-db" }, MAPS: { name: "maps" }, BOTH: { name: "pay" } },
  isolated: {
    secrets: {
      ANN: { name: "ann" },
      DB: { name: "clone-db" },
      BOTH: { name: "pay", version: "1" },
    },
  },
  shared: ["MAPS"],
});

function read(key: string, phase: "static" | "deployed" | "live" = "deployed") {
  const entries: LedgerEntry[] = [];
  const resolved: string[] = [];
  const engine = {
    db: null,
    ledger: { append: async (_tx: unknown, entry: LedgerEntry) => void entries.push(entry) },
    secrets: new Map([
      [
        "local",
        {
          id: "local",
          resolve: async (_lane: unknown, { name }: { name: string }) => {
            // What is not on record is not read.
            expect(entries).toHaveLength(1);
            resolved.push(name);
            return `value of ${name}`;
          },
        },
      ],
    ]),
  } as unknown as Engine;
  const demand = { name: "stories", phase };
  const value = readCheckSecret(engine, { lane, configuration, demand, run: "run-1" }, key);
  return { value, entries, resolved };
}

describe("a secret that a check names", () => {
  it.each([
    ["ANN", "value of ann"],
    ["DB", "value of clone-db"],
    ["MAPS", "value of maps"],
  ])("%s is what the colour under test has, or shares", async (key, expected) => {
    const { value, entries } = read(key);
    expect(await value).toBe(expected);
    expect(entries[0]).toMatchObject({ kind: "secret.read", stream: "shop/production" });
    expect(JSON.stringify(entries)).toContain("the check stories (run-1), as ");
    expect(JSON.stringify(entries)).not.toContain("value of");
  });

  it.each([
    ["BOTH", "deployed", "is a secret of the live side"],
    ["NONE", "deployed", "no such secret"],
    ["toString", "deployed", "no such secret"],
    ["DB", "live", "secret of the live side"],
    ["ANN", "live", "no such secret"],
    ["ANN", "static", "is given no secret"],
  ] as const)("%s in the phase %s is refused, and nothing is read", async (key, phase, why) => {
    const { value, entries, resolved } = read(key, phase);
    await expect(value).rejects.toThrow(why);
    expect(entries).toEqual([]);
    expect(resolved).toEqual([]);
  });

  it("is the shared one on the live colour", async () => {
    expect(await read("MAPS", "live").value).toBe("value of maps");
  });
});
