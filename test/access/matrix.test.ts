import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSession } from "../../src/engine/access/sign-in/sessions.ts";
import { listenOnLoopback } from "../../src/server/listen.ts";
import { personByName } from "../../src/store/queries/people.ts";
import { AccessLab } from "../support/access-lab.ts";
import { documents } from "../support/engine-bench.ts";
import { fillTwoServices, payPipeline } from "./two-services.ts";
import { type Ids, matrix, type Row } from "./matrix.ts";

let lab: AccessLab;
let ids: Ids;
const tokens = new Map<string, string>();
const everybody = "DTSXACMN";

beforeAll(async () => {
  lab = await AccessLab.create();
  ids = await fillTwoServices(lab);
  const shop = ["shop", null] as const;
  tokens.set("D", await lab.person("dora@shop.example", ["developer", ...shop]));
  tokens.set("T", await lab.person("tom@shop.example", ["tester", "shop", "dev"]));
  tokens.set("S", await lab.person("sam@shop.example", ["sre", "shop", "production"]));
  tokens.set("X", await lab.person("xenia@shop.example", ["security", ...shop]));
  tokens.set("A", await lab.person("ada@shop.example", ["auditor", null, null]));
  tokens.set("C", (await lab.token("ci", "shop")).token);
  tokens.set("M", await lab.person("max@shop.example", ["administrator", null, null]));
  tokens.set("N", await lab.person("nora@shop.example"));
}, 120_000);

afterAll(() => lab.close());

const title = ([method, url, , body]: Row) =>
  `${method} ${url} ${body === undefined || Buffer.isBuffer(body) ? "" : JSON.stringify(body).slice(0, 80)}`;

/** Refused for who one is: not for what was asked. */
function refused({ status, text }: { readonly status: number; readonly text: string }): boolean {
  return (
    status === 401 || status === 403 || (status === 404 && text.includes("among those you may see"))
  );
}

/** What is only read, or to be refused, changes nothing for others, and is asked at once; the rest one by one, in order. */
async function askAs(
  row: Row,
  roles: readonly string[],
  ask: (role: string, row: Row) => ReturnType<AccessLab["ask"]>,
): Promise<readonly string[]> {
  const [method, , who] = row;
  const wrongOf = async (role: string) => {
    const answer = await ask(role, row);
    const allowed = !refused(answer);
    if (allowed === who.includes(role) && answer.status < 500) return [];
    return [`${role} ${allowed ? "may" : "may not"} (${answer.status}): ${title(row)}`];
  };
  const idle = roles.filter((role) => method === "GET" || !who.includes(role));
  const wrong = (await Promise.all(idle.map(wrongOf))).flat();
  for (const role of roles) if (!idle.includes(role)) wrong.push(...(await wrongOf(role)));
  return wrong;
}

describe("who may call what", () => {
  it("is what the table says, for every role, over own and foreign services", async () => {
    const wrong: string[] = [];
    for (const row of matrix(ids)) {
      const [, , who] = row;
      const roles = [...everybody].filter((role) => !(who.includes("!") && who.includes(role)));
      const ask = (role: string, [method, url, , body]: Row) =>
        lab.ask(tokens.get(role) ?? "", method, url, body);
      wrong.push(...(await askAs(row, roles, ask)));
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  it("is the same for a session of somebody as for their token", async () => {
    const { engine } = lab.worker;
    const wrong: string[] = [];
    const pages = new Map<string, Record<string, string>>();
    for (const [role, name] of [
      ["D", "dora@shop.example"],
      ["A", "ada@shop.example"],
      ["N", "nora@shop.example"],
    ] as const) {
      const person = (await personByName(engine.db, name))?.pseudonym ?? "";
      const { secret } = await engine.db
        .transaction()
        .execute((tx) =>
          openSession(
            engine,
            tx,
            { person, methods: ["password", "totp"] },
            { place: "127.0.0.0/24", program: "test" },
          ),
        );
      const page = { origin: "http://localhost", "x-tidelock": "1" };
      pages.set(role, { ...page, cookie: `tidelock=${secret}` });
    }
    for (const row of matrix(ids)) {
      // What is about one's own session would end this one.
      if (row[2].includes("!") || /session|account|sign-in|login|passkey/.test(row[1])) continue;
      const ask = (role: string, [method, url, , body]: Row) =>
        lab.ask(null, method, url, body, { headers: pages.get(role) ?? {} });
      wrong.push(...(await askAs(row, [...pages.keys()], ask)));
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  it("is said for every route that there is", async () => {
    const asked = matrix(ids).map(([method, url]) => ({
      method,
      path: url.split("?", 1)[0] ?? "",
    }));
    const missing = lab.routes.filter(({ method, url, open }) => {
      if (open) return false;
      const pattern = new RegExp(`^${url.replaceAll(/:[a-zA-Z]+/g, "[^/]+").replace("*", ".+")}$`);
      return !asked.some((one) => one.method === method && pattern.test(one.path));
    });
    expect(missing.map(({ method, url }) => `${method} ${url}`)).toEqual([]);
  });

  it("is asked before anything else: without a token nothing is told", async () => {
    for (const [method, url, , body] of matrix(ids)) {
      expect([url, (await lab.ask(null, method, url, body)).status]).toEqual([url, 401]);
    }
  });
});

describe("what somebody else's is", () => {
  it("is answered like what is not there", async () => {
    const answer = async (url: string) => {
      const { status, body } = await lab.ask(tokens.get("D") ?? "", "GET", url);
      return { status, body };
    };
    expect(await answer(`/api/v1/promotions/${ids.pay}`)).toEqual(
      await answer("/api/v1/promotions/pnothing00"),
    );
    expect(await answer(`/api/v1/findings/${ids.theirs}`)).toEqual(
      await answer("/api/v1/findings/F-999"),
    );
  });

  it("is in no list, whatever is asked for", async () => {
    const lists = ["releases", "promotions", "status", "deployments", "windows", "pipelines", "stops", "finding-proposals", "waivers"]; // prettier-ignore
    for (const list of [...lists, "releases?service=pay", "promotions?service=pay&limit=1"]) {
      const { text } = await lab.ask(tokens.get("D") ?? "", "GET", `/api/v1/${list}`);
      expect([list, text.includes('"pay"')]).toEqual([list, false]);
    }
    const promotions = async (role: string) =>
      (await lab.ask(tokens.get(role) ?? "", "GET", "/api/v1/promotions?limit=1")).body["items"];
    // The newest is pay's: whoever does not see it gets the newest of their own.
    expect(await promotions("A")).toMatchObject([{ service: "pay" }]);
    expect(await promotions("T")).toMatchObject([{ service: "shop", environment: "dev" }]);
    expect(await promotions("S")).toMatchObject([{ service: "shop", environment: "production" }]);
  });

  it("is not in the stream of events, nor is what is of no service", async () => {
    const [app] = lab.apps;
    if (!app) throw new Error("no server");
    const listening = await listenOnLoopback(app, 0);
    const leave = new AbortController();
    const response = await fetch(`${listening.url}/api/v1/events`, {
      headers: { authorization: `Bearer ${tokens.get("D") ?? ""}`, "last-event-id": "0" },
      signal: leave.signal,
    });
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (/"service":"shop"/.test(text) && text.split("\n\n").length > 20) break;
    }
    leave.abort();
    expect(text).not.toContain('"service":"pay"');
    expect(text).not.toContain("person.changed");
  });
});

describe("documents and audit packs", () => {
  it("are applied by who owns everything in them", async () => {
    await lab.ask(lab.bootstrap, "PUT", "/api/v1/roles/owner", {
      says: "owns a pipeline",
      permissions: ["pipeline.apply", "audit.export"],
    });
    const { token } = await lab.token("owner", "shop");
    const apply = async (text: string) =>
      (await lab.ask(token, "POST", "/api/v1/pipelines", { file: "t.yaml", text })).status;
    const shop = payPipeline().replace("{ name: pay }", "{ name: shop }");
    expect(await apply(shop)).toBe(200);
    expect(await apply(payPipeline())).toBe(403);
    expect(await apply(`${shop}---${payPipeline()}`)).toBe(403);
    expect(await apply(documents())).toBe(403);
    expect(await apply("kind: Nonsense")).toBe(400);
    const pack = async (body: object) =>
      (await lab.ask(token, "POST", "/api/v1/audit/packs", body)).status;
    expect(await pack({ kind: "release", service: "shop", release: "9.9.9" })).toBe(404);
    expect(await pack({ kind: "release", service: "pay", release: "1.0.0" })).toBe(403);
    expect(await pack({ kind: "environment", environment: "dev" })).toBe(403);
  });
});
