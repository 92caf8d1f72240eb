import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EngineBench, type Worker } from "../../../../test/support/engine-bench.ts";
import { networkKind } from "../../../identity/accounts/network-kind.ts";
import { countTry, type DayCount } from "../../../store/queries/sign-in-days.ts";
import type { Engine } from "../../engine.ts";
import { signIn } from "./sign-in.ts";
import { recordFailedSignIns, summary } from "./failed-days.ts";

let bench: EngineBench;
let servers: readonly Worker[];
let engine: Engine;

beforeAll(async () => {
  bench = await EngineBench.create();
  servers = [bench.worker(), bench.worker()];
  [{ engine }] = servers as [Worker, Worker];
  await engine.log.open("1.0.0");
});
afterAll(() => bench.close());
beforeEach(async () => {
  await sql`delete from sign_in_days`.execute(bench.database.db);
});

const daysBack = (days: number) =>
  sql`update sign_in_days set day = day - ${days}::int`.execute(bench.database.db);
const rows = async () =>
  (await sql`select * from sign_in_days`.execute(bench.database.db)).rows.length;
const entries = async () =>
  bench.database.db
    .selectFrom("ledger_entries")
    .select(["operation", "stream", "payload"])
    .where("kind", "=", "access.sign-ins-failed")
    .orderBy("entry")
    .execute();
const dayOf = async (back: number) => {
  const { rows: found } = await sql<{ day: string }>`
    select ((clock_timestamp() at time zone 'UTC')::date - ${back}::int)::text as day
  `.execute(bench.database.db);
  return found[0]?.day ?? "";
};

describe("a stranger who tries to sign in", () => {
  it("100,000 times under as many names has made a few rows, and one entry of the day, without a name", async () => {
    // The server's own statement, so often that the way over HTTP would take the slowing down of strangers away.
    const { sql: text } = countTry("internet", null).compile(bench.database.db);
    const statement = text.replace("$1", "'internet'").replace("$2", "''");
    await sql
      .raw(
        `do $$ begin for i in 1..99997 loop ${statement}; if i % 200 = 0 then commit; end if; end loop; end $$`,
      )
      .execute(bench.database.db);
    for (const name of ["root", "'; drop table accounts", "mallory@evil.example"]) {
      const given = { name, password: `${name} whatever`, code: "" };
      const device = { place: "203.0.113.0/24", program: "curl" } as Parameters<typeof signIn>[2];
      await expect(signIn(engine, given, device)).rejects.toMatchObject({
        code: "unauthenticated",
      });
    }
    expect(await rows()).toBe(1);
    await daysBack(40);
    const day = await dayOf(40);
    await recordFailedSignIns(engine);
    const [entry, ...more] = await entries();
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ operation: `sign-ins-failed/${day}`, stream: "access" });
    expect(entry?.payload).toEqual({
      day,
      tries: 100_000,
      networks: { thisMachine: 0, private: 0, internet: 100_000 },
      accounts: [],
      otherAccounts: { count: 0, tries: 0 },
      noAccount: 100_000,
    });
    expect(await rows()).toBe(0);
  }, 60_000);
});

describe("the entry of a day", () => {
  it("is written once by two servers, each day by itself, and not while the day goes on", async () => {
    const before = (await entries()).length;
    for (const back of [3, 2]) {
      await countTry("private", `person:${"1".repeat(32)}`).execute(bench.database.db);
      await countTry("private", null).execute(bench.database.db);
      await daysBack(back);
    }
    await countTry("this-machine", null).execute(bench.database.db);
    await Promise.all(servers.map((one) => recordFailedSignIns(one.engine)));
    await Promise.all(servers.map((one) => recordFailedSignIns(one.engine)));
    const written = (await entries()).slice(before);
    expect(written.map(({ operation }) => operation)).toEqual([
      `sign-ins-failed/${await dayOf(5)}`,
      `sign-ins-failed/${await dayOf(2)}`,
    ]);
    expect(written[0]?.payload).toMatchObject({
      tries: 2,
      accounts: [{ account: `person:${"1".repeat(32)}`, tries: 1 }],
      noAccount: 1,
    });
    // Today's wait; nothing comes of a day without any.
    expect(await rows()).toBe(1);
  });

  it("is there with its rows gone or not at all, wherever the server is killed", async () => {
    await countTry("internet", null).execute(bench.database.db);
    await daysBack(50);
    const before = (await entries()).length;
    const broken = {
      ...engine,
      ledger: {
        append: async (...given: Parameters<Engine["ledger"]["append"]>) => {
          await engine.ledger.append(...given);
          throw new Error("killed");
        },
      },
    } as unknown as Engine;
    await expect(recordFailedSignIns(broken)).rejects.toThrow("killed");
    expect([await rows(), (await entries()).length]).toEqual([1, before]);
    await recordFailedSignIns(engine);
    expect([await rows(), (await entries()).length]).toEqual([0, before + 1]);
  });

  it("stays one when the clock was set back: what comes later counts for today", async () => {
    const before = await entries();
    const [last] = before.slice(-1);
    await countTry("internet", null).execute(bench.database.db);
    await sql`update sign_in_days set day = ${last?.operation.split("/")[1]}::date`.execute(
      bench.database.db,
    );
    await recordFailedSignIns(engine);
    expect([(await entries()).length, await rows()]).toEqual([before.length, 1]);
  });

  it("has one size at most, and names the accounts with the most tries", () => {
    const counts = Array.from({ length: 5_000 }, (_, at): DayCount => ({
      network: "internet",
      account: `person:${String(at).padStart(32, "0")}`,
      tries: at + 1,
    }));
    const said = summary("2026-12-31", counts);
    expect(JSON.stringify(said).length).toBeLessThan(2_000);
    expect(said.accounts[0]).toEqual({
      account: `person:${"4999".padStart(32, "0")}`,
      tries: 5_000,
    });
    expect(said.otherAccounts.count).toBe(4_980);
    const listed = said.accounts.reduce((sum, { tries }) => sum + tries, 0);
    expect(listed + said.otherAccounts.tries).toBe(said.tries);
  });
});

it("tells this machine, private networks and the internet apart", () => {
  for (const one of ["127.0.0.0/24", "0:0:0::/48"]) expect(networkKind(one)).toBe("this-machine");
  const inside = [
    "10.2.3.0/24",
    "172.20.1.0/24",
    "fd00:1:2::/48",
    "100.64.0.0/24",
    "fe80:0:0::/48",
  ];
  for (const one of inside) expect(networkKind(one)).toBe("private");
  for (const one of ["172.32.1.0/24", "2001:db8:1::/48", "203.0.113.0/24", "unknown"]) {
    expect(networkKind(one)).toBe("internet");
  }
});
