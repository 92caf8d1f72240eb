import { expect, it } from "vitest";
import type { Incoming } from "../../../findings/identity/incoming.ts";
import type { KnownFinding } from "../../../findings/identity/known.ts";
import type { Outcome } from "../../../findings/identity/reconcile.ts";
import { reconcileApart } from "./reconcile-apart.ts";

const batch = {
  scope: "s",
  tool: "scanner",
  trusted: true,
  complete: true,
  release: "r",
  order: 1,
  at: "2026-11-22T00:00:00Z",
};
const print = (value: string) => ({ algorithm: "a/1", value });

function known(count: number): KnownFinding[] {
  return Array.from({ length: count }, (_, n) => ({
    id: String(n + 1),
    kind: "code",
    rule: "eval",
    status: "open",
    severity: "high",
    fingerprints: [print(`k${n}`)],
    drift: [],
    spot: null,
    lastRelease: null,
    trusted: true,
    scopes: [],
    ids: [],
    firstOrder: null,
    lastOrder: null,
    verifiedOrder: null,
    falsePositive: null,
  }));
}

function incoming(count: number): Incoming[] {
  return Array.from({ length: count }, (_, n) => ({
    ordinal: n,
    rule: "eval",
    severity: "high",
    line: n,
    ids: [],
    identity: { kind: "code", environment: null, fingerprints: [print(n % 2 === 0 ? `k${n}` : `n${n}`)], drift: [], spot: null }, // prettier-ignore
  }));
}

async function* parts<T>(rows: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < rows.length; at += 1_000) yield rows.slice(at, at + 1_000);
}

async function outcomes(count: number, apart: boolean) {
  const all: Outcome[] = [];
  const hard = { known: () => parts(known(count)), incoming: () => parts(incoming(count)) };
  await reconcileApart(batch, hard, apart, async (some) => {
    all.push(...some);
    await Promise.resolve();
  });
  return all;
}

it("comes to the same in a thread of its own as without one, in the same order", async () => {
  const here = await outcomes(5_000, false);
  expect(here.filter(({ known: of }) => of === null)).toHaveLength(2_500);
  expect(await outcomes(5_000, true)).toEqual(here);
}, 60_000);

it("hands on what storing its outcomes threw", async () => {
  const hard = { known: () => parts(known(10)), incoming: () => parts(incoming(10)) };
  const full = () => Promise.reject(new Error("the disk is full"));
  await expect(reconcileApart(batch, hard, true, full)).rejects.toThrow("the disk is full");
}, 60_000);
