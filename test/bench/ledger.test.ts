import { expect, it } from "vitest";
import { ledgerBench } from "../../bench/ledger.ts";

it("the ledger's bench measures commits that reach the disk, delays, proofs and verification", async () => {
  const { figures, ok } = await ledgerBench(["1", "150", "2000"]);
  expect(ok).toBe(true);
  for (const key of ["appendsPerSecond", "bareCommitsPerSecond", "walSyncsPerCommit"]) {
    const perWriters = figures[key] as Record<string, number>;
    expect(Object.keys(perWriters), key).toEqual(["w1", "w8", "w32"]);
    for (const value of Object.values(perWriters)) expect(value, key).toBeGreaterThan(0);
  }
  // One writer shares no sync with anybody: each of its commits has one.
  expect((figures["walSyncsPerCommit"] as { w1: number }).w1).toBeGreaterThan(0.8);
  const delay = figures["checkpointDelayMs"] as { median: number; p99: number };
  expect(delay.median).toBeGreaterThan(0);
  expect(delay.p99).toBeGreaterThanOrEqual(delay.median);
  for (const key of ["proofMakeMs", "proofVerifyMs", "verifyRatioToSha256"]) {
    expect(figures[key], key).toBeGreaterThan(0);
  }
  expect(figures["bytesPerEntry"]).toMatchObject({ leaf: expect.any(Number) as number });
}, 120_000);
