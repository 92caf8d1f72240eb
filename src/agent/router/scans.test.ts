import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { mintScan, ScanCounter, verifyScan } from "./scans.ts";
import { mint, verifyTester } from "./tester.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const lane = "shop/production";
const live = { colour: "blue", tester: false } as const;

test("a scan's mark is counted by colour, and by who sent it", () => {
  const counter = new ScanCounter();
  const { value, scan } = mintScan(privateKey, lane, 60_000);
  counter.count(value, publicKey, lane, { colour: "green", tester: true });
  counter.count(value, publicKey, lane, live);
  counter.count(value, publicKey, lane, live);
  expect(counter.observe()).toEqual({
    [scan]: { blue: { tester: 0, other: 2 }, green: { tester: 1, other: 0 } },
  });
});

test("a mark is found beside others that a proxy has added", () => {
  const counter = new ScanCounter();
  const { value, scan } = mintScan(privateKey, lane, 60_000);
  counter.count(`junk, ${value}`, publicKey, lane, live);
  expect(counter.observe()[scan]?.blue.other).toBe(1);
});

test("marks that nobody signed, of another lane, and old ones are not counted", () => {
  const counter = new ScanCounter();
  const other = mintScan(privateKey, "shop/staging", 60_000).value;
  const old = mintScan(privateKey, lane, -1).value;
  const forged = mintScan(generateKeyPairSync("ed25519").privateKey, lane, 60_000).value;
  for (const mark of [other, old, forged, "", "a.b", "x".repeat(5_000)]) {
    counter.count(mark, publicKey, lane, live);
  }
  expect(counter.observe()).toEqual({});
});

test("a mark is no tester's credential, and a credential is no mark", () => {
  const mark = mintScan(privateKey, lane, 60_000).value;
  expect(verifyTester(mark, publicKey, lane).kind).toBe("invalid");
  expect(verifyScan(mint(privateKey, lane, 60_000).value, publicKey, lane)).toBeNull();
});

test("what is kept is bounded, however many scans there are", () => {
  const counter = new ScanCounter();
  for (let turn = 0; turn < 200; turn += 1) {
    counter.count(mintScan(privateKey, lane, 60_000).value, publicKey, lane, live);
  }
  expect(Object.keys(counter.observe())).toHaveLength(64);
});
