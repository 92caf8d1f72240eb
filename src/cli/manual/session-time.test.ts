import { afterEach, beforeEach, expect, it } from "vitest";
import { type FakeServer, startFakeServer } from "../../../test/fixtures/fake-server.ts";
import { runCli } from "../../../test/fixtures/run-cli.ts";
import type { ManualRequestView } from "../../api/routes/manual.ts";
import { formDigest } from "../../evidence/predicates/manual-answer.ts";
import { ManualForm } from "../../model/manual-check.ts";

const digest = `sha256:${"a".repeat(64)}` as const;
const at = "2026-01-01T12:00:00.000Z";
const form = ManualForm.parse({
  kind: "session",
  role: "security",
  validFor: 1_000,
  answerWithin: 1_000,
  reuse: "same",
  charter: "Break the checkout",
  timeBox: 7_200_000,
  atLeast: 900_000,
  areas: [],
  passive: false,
});

let server: FakeServer;
let view: ManualRequestView;
let given: number;

beforeEach(async () => {
  server = await startFakeServer();
  given = 0;
  view = {
    id: "3f2a91c07b1e".padEnd(32, "0"),
    run: "p-1/3/expert/1",
    promotion: "p-1",
    check: "expert",
    role: "security",
    service: "shop",
    environment: "staging",
    colour: "blue",
    release: { id: digest, version: "1.0.0" },
    configuration: digest,
    plan: digest,
    ledger: "tidelock/test",
    form,
    formDigest: formDigest(form),
    state: "open",
    askedAt: at,
    answerUntil: at,
    begunAt: null,
    ranMs: null,
    holders: [],
    addresses: [],
    answer: null,
  };
  Object.assign(server.controlPlane.checks, {
    request: async () => view,
    answer: async () => {
      given += 1;
      return view;
    },
  });
});
afterEach(() => server.close());

function tidelock(...words: string[]) {
  return runCli(words, { env: { TIDELOCK_URL: server.url, TIDELOCK_TOKEN: server.token } });
}

it("an answer to a session that nobody began, or that is too short, is refused before it is signed", async () => {
  const answer = () => tidelock("check", "answer", "3f2a91c07b1e", "--yes");
  const unbegun = await answer();
  expect(unbegun.code).not.toBe(0);
  expect(unbegun.stderr).toContain("the session was not begun");
  expect(unbegun.stderr).toContain("tidelock check begin 3f2a91c07b1e");
  view = { ...view, begunAt: at, ranMs: 36_000 };
  const short = await answer();
  expect(short.code).not.toBe(0);
  expect(short.stderr).toContain("at least 15 min are asked for: 14 min 24 s are left");
  expect(given).toBe(0);
  // Long enough: what is missing now is the key.
  view = { ...view, ranMs: 900_000 };
  expect((await answer()).stderr).toContain("give your key");
});

it("its card says how long it has to be, and how long it has run", async () => {
  const card = async () => (await tidelock("check", "todo", "3f2a91c07b1e")).stdout;
  expect(await card()).toMatch(/time +at least 15 m 0 s, at most 2 h 0 m\n/);
  expect(await card()).toContain("not yet: tidelock check begin 3f2a91c07b1e");
  view = { ...view, begunAt: at, ranMs: 36_000 };
  expect(await card()).toContain("ran 36.0 s by the server's clock");
});
