import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { breakRight, reviewRight } from "../../src/model/break-glass.ts";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import { listenOnLoopback, type Listening } from "../../src/server/listen.ts";
import { bootstrap } from "../../src/server/sign-in/token-check.ts";
import { runInside } from "../fixtures/run-cli.ts";
import { AccessLab } from "../support/access-lab.ts";
import { enrolForGlass, office } from "../support/break-glass-lab.ts";
import { documents, ended, makeRelease, operator, until } from "../support/engine-bench.ts";

/**
 * An emergency in a team, as the page tells it: production is frozen and a check fails, and people who have nothing but
 * the roles of their own service break the glass from their terminals.
 */

let lab: AccessLab;
let listening: Listening;
let plane: ControlPlane;
const folder = mkdtempSync(join(tmpdir(), "tidelock-glass-"));
const tokens = new Map<string, string>();
const production = { service: "shop", environment: "production" };
const everywhere = { service: null, environment: null };
const day = 86_400_000;

beforeAll(async () => {
  lab = await AccessLab.create();
  plane = lab.worker.controlPlane;
  await lab.worker.engine.log.open("1.0.0");
  listening = await listenOnLoopback(lab.apps[0]!, 0);
}, 60_000);
afterAll(async () => {
  await listening?.close();
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** With a key, one right and one role, both for this service alone. */
async function colleague(who: string, role: string, right: string): Promise<void> {
  const name = `${who}@shop.example`;
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  writeFileSync(join(folder, `${who}.pem`), pem, { mode: 0o600 });
  const key = publicKey.export({ type: "spki", format: "pem" }) as string;
  await plane.people.add(office, { name, key, also: [] });
  await plane.people.grant(office, { name, right, service: "shop", environment: null });
  const giver = { ...office, principal: bootstrap };
  const shop = { service: "shop", environment: null };
  await plane.access.assign(giver, { to: { person: name }, role, ...shop });
  const wish = { name: "laptop", person: name, ...everywhere, lastsMs: day };
  tokens.set(who, (await plane.access.createToken(giver, wish)).token);
}

const as = (who: string, ...words: readonly string[]) =>
  runInside(words, {
    env: { TIDELOCK_URL: listening.localUrl, TIDELOCK_TOKEN: tokens.get(who) ?? "" },
    cwd: folder,
  });

async function through(environment: string, release: string): Promise<void> {
  const { id } = await plane.promote(operator, { service: "shop", environment, release });
  expect(await ended(plane, id)).toMatchObject({ state: "complete" });
}

it("is met by two of the team in a freeze, loudly, and the next release waits for a third one's review", async () => {
  await plane.applyDocuments(operator, "t.yaml", documents());
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    await plane.createRelease(operator, makeRelease(lab.bench, version));
    await through("dev", version);
  }
  await through("production", "1.0.0");
  await colleague("ann", "developer", breakRight);
  await colleague("tom", "sre", breakRight);
  await colleague("kim", "qa", reviewRight);
  for (const name of ["one@shop.example", "two@shop.example"]) {
    await enrolForGlass(plane, name, { rights: ["policy.change"] });
    await plane.people.grant(office, { name, right: "policy.change", ...everywhere });
  }
  const at = (ms: number) => new Date(Date.now() + ms).toISOString().replace(/\.\d+/, "");
  const floor = `  freezes: [{ name: year-end, from: "${at(-day)}", to: "${at(day)}", reason: the books are closed, owner: finance }]`;
  await plane.applyDocuments(operator, "t.yaml", documents({ floor }));
  await plane.policy.setGovernance(operator, "team");

  lab.bench.staged.verdicts = ["fail"];
  const { id } = await plane.promote(operator, { ...production, release: "1.1.0" });
  const held = await until(() => plane.showPromotion(id), ({ waiting }) => waiting !== null); // prettier-ignore
  expect(held.waiting?.reason).toContain("year-end of finance");

  const said = [
    "--reason",
    "orders are lost since 02:40",
    "--expires",
    "2h",
    "--check",
    "smoke",
    "--yes",
  ];
  const opened = await as(
    "ann",
    "break-glass",
    "open",
    id,
    ...said,
    "--key",
    join(folder, "ann.pem"),
  );
  expect([opened.code, opened.stderr]).toEqual([5, expect.stringContaining("year-end of finance")]);
  expect(opened.stderr).toContain("check smoke");
  const alone = await as(
    "ann",
    "break-glass",
    "sign",
    "BG-1",
    "--key",
    join(folder, "ann.pem"),
    "--yes",
  );
  expect(alone.code).not.toBe(0);
  const second = await as(
    "tom",
    "break-glass",
    "sign",
    "BG-1",
    "--key",
    join(folder, "tom.pem"),
    "--yes",
  );
  expect([second.code, second.stderr]).toEqual([0, expect.stringContaining("I BREAK THE GLASS")]);

  // What waited goes on by itself.
  const done = await ended(plane, id);
  expect(done).toMatchObject({ state: "complete", decision: { outcome: "break-glass" } });
  expect(done.decision?.brokenGlass?.setAside).toEqual(["check smoke", "window"]);
  expect((await as("kim", "status")).stdout + (await as("kim", "status")).stderr).toContain("BG-1");

  const plan = async () => (await as("kim", "plan", "shop@1.2.0", "--to", "production")).stdout;
  expect(await plan()).toContain("tidelock break-glass review BG-1");
  const review = ["break-glass", "review", "BG-1", "--outcome", "justified", "--words", "it passes since 04:10", "--yes"]; // prettier-ignore
  expect((await as("tom", ...review, "--key", join(folder, "tom.pem"))).code).not.toBe(0);
  expect(await as("kim", ...review, "--key", join(folder, "kim.pem"))).toMatchObject({ code: 0 });
  expect((await plane.breakGlass.show("BG-1")).state).toBe("reviewed");
  // The freeze holds on for everything else, and nothing but the freeze.
  expect(await plan()).not.toContain("BG-1");
  expect(await plan()).toContain("year-end of finance");
  expect(await plane.ledger.verifyState()).toMatchObject({ ok: true });
}, 120_000);
