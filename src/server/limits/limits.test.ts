import { connect } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type FakeServer, startFakeServer } from "../../../test/fixtures/fake-server.ts";
import { Refusals } from "../refusals.ts";
import { Budget, Slots } from "./budget.ts";
import { defaultLimits } from "./limits.ts";
import { ambiguity } from "../../model/json-ambiguity.ts";

let server: FakeServer | undefined;
afterEach(() => server?.close());

describe("a budget", () => {
  it("gives its burst at once, then so many a second, and never more in any stretch of time", () => {
    const rule = { perSecond: 10, burst: 5 };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }), (pauses) => {
        const budget = new Budget(rule);
        let now = 0;
        const taken: number[] = [];
        for (const pause of pauses) {
          now += pause;
          if (budget.take("a", 1, now) === 0) taken.push(now);
        }
        for (const [index, from] of taken.entries()) {
          for (const [more, to] of taken.slice(index).entries()) {
            expect(more + 1).toBeLessThanOrEqual(rule.burst + ((to - from) / 1_000) * rule.perSecond + 1e-6); // prettier-ignore
          }
        }
      }),
    );
  });

  it("says how long to wait, and that is enough", () => {
    const budget = new Budget({ perSecond: 2, burst: 3 });
    for (let count = 0; count < 3; count += 1) expect(budget.take("a", 1, 0)).toBe(0);
    const wait = budget.take("a", 1, 0);
    expect(wait).toBe(500);
    expect(budget.take("b", 1, 0)).toBe(0);
    expect(budget.take("a", 1, wait)).toBe(0);
  });

  it("remembers no more keys than it may, however many ask", () => {
    const budget = new Budget({ perSecond: 1, burst: 1, keys: 100 });
    for (let key = 0; key < 5_000; key += 1) budget.take(`k${key}`, 1, 0);
    expect(budget.size).toBe(100);
  });

  it("of things that are open counts each once when they end", () => {
    const slots = new Slots(2, 3);
    const [first, second] = [slots.enter("a"), slots.enter("a")];
    expect([first, second, slots.enter("a")].map(Boolean)).toEqual([true, true, false]);
    expect([slots.enter("b"), slots.enter("b")].map(Boolean)).toEqual([true, false]);
    first?.();
    first?.();
    expect([slots.enter("a"), slots.enter("a")].map(Boolean)).toEqual([true, false]);
  });
});

describe("refusals", () => {
  it("become a bounded number of records an hour, whatever a stranger tries", async () => {
    const written: string[] = [];
    const refusals = new Refusals(
      async ({ from }, times) => void written.push(`${from} ${times}`),
      10,
    );
    for (let at = 0; at < 10_000; at += 1) {
      refusals.add({ from: `10.0.${at % 256}.0/24`, action: `GET /${at % 7}`, outcome: "401" }, 0);
    }
    await refusals.flush();
    expect(written.length).toBeLessThanOrEqual(22);
    const sum = written.reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
    expect(sum).toBe(10_000);
  });
});

describe("callers", () => {
  const status = async (token: string | null, path = "/api/v1/status") => {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`${server?.url ?? ""}${path}`, { headers });
    await response.body?.cancel();
    return { status: response.status, retry: response.headers.get("retry-after") };
  };

  it("without a valid token are slowed down by their network, and the owner is not", async () => {
    server = await startFakeServer();
    const answers = [];
    for (let attempt = 0; attempt < 80; attempt += 1) answers.push(await status(`wrong${attempt}`));
    expect(answers[0]?.status).toBe(401);
    const last = answers.at(-1);
    expect([last?.status, Number(last?.retry)]).toEqual([429, expect.any(Number)]);
    expect(Number(last?.retry)).toBeGreaterThan(0);
    // From the same address, for the first time.
    for (let call = 0; call < 50; call += 1) expect((await status(server.token)).status).toBe(200);
  });

  it("find the pages and health answered until their network asks absurdly often", async () => {
    server = await startFakeServer({
      limits: { ...defaultLimits, open: { perSecond: 0.1, burst: 2 } },
    });
    const answers = [];
    for (let call = 0; call < 25; call += 1) answers.push((await status(null, "/healthz")).status);
    expect(answers.filter((code) => code === 200).length).toBe(20);
    expect(answers.at(-1)).toBe(429);
    expect((await status(server.token)).status).toBe(200);
  });

  it("try to sign in far less often than they may look, and the pages are answered all the same", async () => {
    server = await startFakeServer({
      limits: { ...defaultLimits, signIns: { perSecond: 0.1, burst: 1 } },
    });
    const begin = async () => {
      const response = await fetch(`${server?.url ?? ""}/api/v1/logins`, { method: "POST" });
      await response.body?.cancel();
      return response.status;
    };
    const answers: number[] = [];
    for (let call = 0; call < 12; call += 1) answers.push(await begin());
    expect([answers.slice(0, 10).includes(429), answers.at(-1)]).toEqual([false, 429]);
    expect((await status(null, "/healthz")).status).toBe(200);
  });

  it("hold no more streams than their share, and get it back when one ends", async () => {
    server = await startFakeServer();
    const open: AbortController[] = [];
    const stream = async () => {
      const leave = new AbortController();
      const headers = { authorization: `Bearer ${server?.token ?? ""}` };
      const url = `${server?.url ?? ""}/api/v1/events`;
      const response = await fetch(url, { headers, signal: leave.signal });
      if (response.status === 200) open.push(leave);
      return response.status;
    };
    for (let count = 0; count < 32; count += 1) expect(await stream()).toBe(200);
    expect(await stream()).toBe(429);
    open.pop()?.abort();
    let again = 0;
    for (let wait = 0; again !== 200 && wait < 100; wait += 1) again = await stream();
    expect(again).toBe(200);
    for (const leave of open) leave.abort();
  });
});

describe("what is sent", () => {
  it("has one meaning: names stand once, and nothing is nested without end", () => {
    expect(ambiguity('{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}],"d":"a\\":\\""}')).toBeNull();
    expect(ambiguity('{"a":1,"a":2}')).toContain('"a"');
    expect(ambiguity('{"a":1, "\\u0061" : 2}')).toContain('"a"');
    expect(ambiguity(`${"[".repeat(65)}`)).toContain("nested");
    expect(ambiguity(`${"[".repeat(64)}${"]".repeat(64)}`)).toBeNull();
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }),
        fc.integer({ min: 0, max: 2 }),
        (value, indent) => {
          expect(ambiguity(JSON.stringify(value, null, indent))).toBeNull();
        },
      ),
    );
  });

  it("is refused by the server when it means two things, or reaches for prototypes", async () => {
    server = await startFakeServer();
    const { url, token } = server;
    const post = async (body: string) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const response = await fetch(`${url}/api/v1/role-assignments`, {
        method: "POST",
        headers,
        body,
      });
      return { status: response.status, text: await response.text() };
    };
    for (const body of [
      '{"role":"ci","role":"administrator"}',
      '{"__proto__":{"admin":true}}',
      '{"to":{"__proto__":null}}',
      '{"constructor":{"prototype":{"admin":true}}}',
      `${"[".repeat(100_000)}`,
      `${'{"a":'.repeat(1_000)}1${"}".repeat(1_000)}`,
      "",
      "{",
      "\u0000",
    ]) {
      expect([body.slice(0, 40), (await post(body)).status]).toEqual([body.slice(0, 40), 400]);
    }
    expect((await post('{"role":"ci","role":"x"}')).text).toContain("stands twice");
    expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
    expect((await fetch(`${url}/api/v1/status?${"a".repeat(5_000)}=1`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(400); // prettier-ignore
  });

  it("slowly, ends with the connection: headers too many, and a body that does not come after a refusal", async () => {
    server = await startFakeServer();
    const { port } = server;
    const talk = (text: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(port, "127.0.0.1", () => socket.write(text));
        let heard = "";
        socket.on("data", (data) => (heard += data.toString()));
        socket.once("close", () => resolve(heard)).on("error", () => undefined);
      });
    const huge = `GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`;
    expect(await talk(huge)).toContain("431");
    const before = Date.now();
    const slow =
      "POST /api/v1/releases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    expect(await talk(slow)).toContain("401");
    expect(Date.now() - before).toBeLessThan(15_000);
  }, 30_000);
});
