import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { permissions } from "../../src/model/permissions.ts";
import { listenOnLoopback } from "../../src/server/listen.ts";
import { AccessLab } from "../support/access-lab.ts";
import { type Field, textFields, withText } from "./fields.ts";
import { type Ids, matrix, type Row } from "./matrix.ts";
import { fillTwoServices } from "./two-services.ts";

/**
 * Somebody who may do everything in shop, and nothing in pay, puts what is pay's into every field of every call: by its
 * right name, as another kind of thing, and in other spellings.
 */

let lab: AccessLab;
let ids: Ids;
let eve: string;
let theirs: readonly string[];
const mark = "FOREIGN-MARK";
const long = process.env["TIDELOCK_TEST_LONG"] !== undefined;

beforeAll(async () => {
  lab = await AccessLab.create();
  ids = await fillTwoServices(lab);
  const must = async (method: "POST" | "PUT", url: string, body: object) => {
    const { status, text, body: answer } = await lab.ask(lab.bootstrap, method, url, body);
    if (status !== 200) throw new Error(`${url}: ${text}`);
    return answer;
  };
  await must("PUT", "/api/v1/roles/everything", {
    says: "everything there is",
    permissions: Object.keys(permissions),
  });
  eve = await lab.person("eve@shop.example", ["everything", "shop", null]);
  await must("PUT", "/api/v1/configurations/pay/dev", {
    configuration: { kind: "Configuration", formatVersion: 1, service: "pay", environment: "dev", values: { MARK: mark } }, // prettier-ignore
  });
  const waiver = await must("POST", "/api/v1/waivers", {
    service: "pay",
    environment: "dev",
    of: { kind: "finding", finding: ids.theirs },
    reason: mark,
    control: mark,
    owner: "max@shop.example",
    until: new Date(Date.now() + 86_400_000).toISOString(),
  });
  const stop = await must("POST", "/api/v1/lines/stop", { scope: "pay/dev", reason: mark });
  const id = (answer: Record<string, unknown>) => String(answer["id"] ?? "");
  theirs = ["pay", ids.pay, ids.theirs, id(waiver), id(stop)].filter((text) => text.length > 2);
}, 120_000);
afterAll(() => lab.close());

/** Other spellings of services, and ids where another kind of thing is meant. */
const odd = () => [
  "PAY",
  "Shop",
  "ѕhop", // Cyrillic
  "pay ",
  "shop/../pay",
  "pay\u200b",
  "pay%00",
  "*",
  "",
  "__proto__",
  "shop,pay",
  ids.dev,
];

/** All that is not shop's, as the database has it. */
async function others(): Promise<ReadonlyMap<string, string>> {
  const { db } = lab.worker.engine;
  const { rows } = await sql<{ table_name: string }>`
    select c.table_name from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.column_name = 'service' and c.table_schema = current_schema() and t.table_type = 'BASE TABLE'
  `.execute(db);
  const state = new Map<string, string>();
  for (const { table_name: table } of rows) {
    const { rows: found } = await sql<{ digest: string | null }>`
      select md5(string_agg(t::text, '|' order by t::text)) as digest
      from ${sql.table(table)} t where service is distinct from 'shop'
    `.execute(db);
    state.set(table, found[0]?.digest ?? "none");
  }
  return state;
}

const pattern = (path: string) =>
  new RegExp(`^${path.replaceAll(/:[a-zA-Z]+/g, "[^/]+").replace("*", ".+")}$`);

/** A call of this kind, as the table by hand has it; one about shop where there is one. */
function baseOf(rows: readonly Row[], { method, path }: Field): Row | undefined {
  const same = rows.filter(
    ([one, url]) => one === method && pattern(path).test(url.split("?", 1)[0] ?? ""),
  );
  return same.find((row) => !JSON.stringify(row).includes("pay")) ?? same[0];
}

/** Answered for as long as one listens: asked in a test of its own. */
const streams = new Set(["/api/v1/events"]);

describe("what is somebody else's, in every field of every call", () => {
  it("is neither shown nor changed", async () => {
    const rows = matrix(ids);
    const before = await others();
    // What is looked for can be seen by who may.
    const shown = await lab.ask(lab.bootstrap, "GET", "/api/v1/configurations/pay/dev");
    expect(shown.text).toContain(mark);
    expect(before.get("promotions")).not.toBe("none");
    const wrong: string[] = [];
    let asked = 0;
    let past = 0;
    let slowed = 0;
    for (const field of textFields()) {
      if (streams.has(field.path)) continue;
      const base = baseOf(rows, field);
      if (!base) {
        wrong.push(`no example of ${field.method} ${field.path} in matrix.ts`);
        continue;
      }
      const [method, url, , body] = base;
      for (const text of long ? [...theirs, ...odd()] : theirs.slice(0, 2)) {
        const call = withText({ url, body }, field, text);
        // An answer that goes on, and a store of secrets that this lab does not have.
        if (field.at[0] === "follow" || (method === "PUT" && call.url.includes("/secrets/shop/")))
          continue;
        const answer = await lab.ask(eve, method, call.url, call.body);
        asked += 1;
        if (answer.status !== 400) past += 1;
        if (answer.status === 429) slowed += 1;
        const shown = answer.text.includes(mark) || answer.text.includes('"service":"pay"');
        if (shown || answer.status >= 500) {
          wrong.push(`${answer.status} ${method} ${call.url} ${JSON.stringify(call.body ?? "")}: ${answer.text.slice(0, 200)}`); // prettier-ignore
        }
      }
    }
    expect(wrong).toEqual([]);
    const after = await others();
    expect([...after].filter(([table, digest]) => before.get(table) !== digest)).toEqual([]);
    // Most of it was about more than its form.
    expect(asked).toBeGreaterThan(400);
    expect(past).toBeGreaterThan(asked / 4);
    expect(slowed).toBe(0);
  }, 300_000);

  it("is not in the stream of events, whatever is asked of it", async () => {
    const [app] = lab.apps;
    if (!app) throw new Error("no server");
    const listening = await listenOnLoopback(app, 0);
    for (const query of [
      "",
      "?service=pay",
      `?promotion=${ids.pay}`,
      "?service=Pay",
      `?service=shop&promotion=${ids.pay}`,
    ]) {
      const leave = new AbortController();
      const response = await fetch(`${listening.url}/api/v1/events${query}`, {
        headers: { authorization: `Bearer ${eve}`, "last-event-id": "0" },
        signal: leave.signal,
      });
      let text = "";
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk, { stream: true });
        if (response.status !== 200 || text.includes(": alive")) break;
      }
      leave.abort();
      expect([query, text.includes('"service":"pay"'), text.includes(mark)]).toEqual([query, false, false]); // prettier-ignore
    }
  }, 60_000);
});

describe("a list of somebody who sees one service of many", () => {
  it("is as long as was asked for, however much of others is newer", async () => {
    const { db } = lab.worker.engine;
    const clone = async (
      table: string,
      id: string,
      fresh: string,
      more: Readonly<Record<string, string>> = {},
    ) => {
      // prettier-ignore
      const { rows } = await sql<{ column_name: string }>`
        select column_name from information_schema.columns
        where table_name = ${table} and table_schema = current_schema() and is_generated = 'NEVER' and (is_identity = 'NO' or column_name = ${id})
        order by ordinal_position
      `.execute(db);
      const names = rows.map(({ column_name: name }) => name);
      const values = names.map((name) => (name === id ? fresh : (more[name] ?? `t."${name}"`)));
      await sql
        .raw(`insert into ${table} (${names.map((name) => `"${name}"`).join(", ")}) overriding system value select ${values.join(", ")}
          from ${table} t, generate_series(1, 700) n where t.service = 'pay' limit 700`)
        .execute(db);
    };
    await clone("promotions", "id", "'pclone' || lpad(n::text, 4, '0')");
    await clone("releases", "id", "'sha256:' || lpad(n::text, 64, '0')", { version: "'9.' || n" });
    await clone("deployments", "id", "nextval(pg_get_serial_sequence('deployments', 'id'))", { until_at: "now()" }); // prettier-ignore
    await clone("waivers", "id", "nextval(pg_get_serial_sequence('waivers', 'id'))");
    // Sees two services, one of them empty: nothing can be looked up by name alone.
    const both = await lab.person("bo@shop.example", ["auditor", "shop", "dev"], ["auditor", "none", null]); // prettier-ignore
    for (const who of [eve, both]) {
      for (const list of ["promotions", "releases", "deployments"]) {
        const [first, ...more] = await pages(who, list, 1);
        expect([list, first]).toMatchObject([list, [{ service: "shop" }]]);
        // Where it ends is theirs, too: no page is empty, and none is missing.
        const whole = (await lab.ask(who, "GET", `/api/v1/${list}?limit=500`)).body;
        expect([list, [first, ...more].flat()]).toEqual([list, whole["items"]]);
        expect([list, whole["next"]]).toEqual([list, null]);
      }
      expect(await pages(who, "waivers", 1)).toEqual([[]]);
    }
    const { status } = await lab.ask(eve, "GET", `/api/v1/promotions?after=${ids.pay}`);
    expect(status).toBe(404);
  }, 60_000);

  async function pages(who: string, list: string, limit: number) {
    const found: unknown[] = [];
    for (let after = ""; ;) {
      const { body } = await lab.ask(who, "GET", `/api/v1/${list}?limit=${limit}${after}`);
      found.push(body["items"]);
      if (body["next"] === null) return found;
      after = `&after=${encodeURIComponent(String(body["next"]))}`;
    }
  }
});
