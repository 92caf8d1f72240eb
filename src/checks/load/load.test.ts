import type { RequestListener, ServerResponse } from "node:http";
import { createServer as createSocketServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { checkContext, serve, type TestServer } from "../../../test/support/check-context.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { CheckContext } from "../../ports/check.ts";
import { runCheck } from "../run.ts";
import { load } from "./index.ts";

// A busy machine is asked again.
vi.setConfig({ testTimeout: 120_000 });
const short = { duration: "1s", warmUp: "0s", rate: 60 };

async function check(
  origins: string | readonly string[],
  configuration: object = {},
  change: Partial<CheckContext> = {},
): Promise<CheckReport> {
  const demand = { name: "load", with: { ...short, ...configuration }, timeout: 60_000 };
  const instances = typeof origins === "string" ? [origins] : origins;
  return runCheck(load, checkContext({ instances, ...change }), demand);
}

/** Again while it says that this machine was too busy, which is right and shows nothing about a service. */
async function calm(measure: () => Promise<CheckReport>): Promise<CheckReport> {
  for (let left = 6; ; left -= 1) {
    const report = await measure();
    const busy = report.results.some(({ message }) =>
      /generator|too busy|of the time/.test(message),
    );
    if (!busy || report.verdict === "pass" || left === 0) return report;
  }
}
/** For what is no matter of latency. */
const lenient = { budget: { p95Ms: 4_000 } };

const hello: RequestListener = (_request, response) => {
  response.end("hello");
};

/** Answers the first request well, as a look before the load finds it, and the others as a test says. */
function afterTheFirst(handler: RequestListener): RequestListener {
  let asked = 0;
  return (request, response) => {
    asked += 1;
    if (asked === 1) hello(request, response);
    else handler(request, response);
  };
}

/** The same without HTTP. */
async function rawAfterTheFirst(answer: (socket: Socket) => void): Promise<TestServer> {
  let asked = 0;
  const open = new Set<Socket>();
  const server = createSocketServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", () => {
      asked += 1;
      if (asked > 1) return answer(socket);
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe.concurrent("the load test", () => {
  it("passes a service that holds its budget, and counts every request that was due", async () => {
    const seen: string[] = [];
    await using server = await serve((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers["x-scan"]}`);
      response.end("hello");
    });
    const scan = { header: "x-scan", value: "mark" };
    const routes = [
      { path: "/", weight: 2 },
      { path: "/orders/{n}", method: "POST", json: { number: "{n}" } },
    ];
    const report = await calm(() => {
      seen.length = 0;
      return check(server.origin, { ...lenient, routes }, { scan });
    });
    expect(report.summary).toContain("p95");
    expect(report).toMatchObject({
      verdict: "pass",
      exercised: { requests: 60, routes: 2, assertions: 2 },
    });
    // One look at each route, then the load in the shares that were asked for.
    expect(seen).toHaveLength(62);
    expect(seen.filter((line) => line === "GET / mark")).toHaveLength(41);
    expect(new Set(seen.filter((line) => line.startsWith("POST")))).toHaveProperty("size", 21);
    const raw = JSON.parse(report.raw?.text ?? "{}") as { levels: { asked: number }[] };
    expect(raw.levels[0]?.asked).toBe(60);
  });

  it("spreads the load over every instance", async () => {
    const seen = [0, 0];
    const count = (index: number) =>
      serve((_request, response) => {
        seen[index] = (seen[index] ?? 0) + 1;
        response.end("hello");
      });
    await using one = await count(0);
    await using two = await count(1);
    const report = await calm(() => {
      seen.fill(0);
      return check([one.origin, two.origin], lenient);
    });
    expect(report).toMatchObject({ verdict: "pass" });
    expect(seen).toEqual([31, 31]);
  });

  it("fails a release that is slow", async () => {
    await using server = await serve((_request, response) => {
      setTimeout(() => response.end("late"), 700);
    });
    const report = await calm(() => check(server.origin, { budget: { p95Ms: 100 } }));
    expect(report.verdict).toBe("fail");
    expect(report.summary).toMatch(/GET \/: p95 \d+ ms, at most 100 may be/);
  });

  it("fails a release that is quick alone and serialises under load, by latencies from when requests were due", async () => {
    let busy = Promise.resolve();
    await using server = await serve((_request, response) => {
      busy = busy.then(() => sleep(40)).then(() => void response.end("one at a time"));
    });
    const limits = { duration: "2s", budget: { p95Ms: 400 } };
    const report = await calm(async () => {
      await busy;
      return check(server.origin, limits);
    });
    expect(report.verdict).toBe("fail");
    // 60 due a second, 25 served: after two seconds the last ones are far behind.
    const p95 = Number(/p95 (\d+)/.exec(report.summary)?.[1]);
    expect(p95).toBeGreaterThan(1_000);
  });

  it("fails on server errors although the latencies are fine", async () => {
    let asked = 0;
    await using server = await serve((_request, response) => {
      asked += 1;
      response.writeHead(asked % 5 === 0 ? 503 : 200).end();
    });
    const report = await check(server.origin);
    expect(report.verdict).toBe("fail");
    expect(report.summary).toMatch(/20 % without the expected answer.*12 × status 503 of 60/);
  });

  it("counts nothing as exercised where all answers are a redirect, a refusal or a sign-in page", async () => {
    const answers: readonly [number, string, RegExp][] = [
      [302, "", /answers 302 before any load/],
      [401, "", /answers 401/],
      [403, "", /answers 403/],
      [404, "", /answers 404/],
      [200, "<form><INPUT name=p type='password'></form>", /form that asks for a password/],
    ];
    for (const [status, body, says] of answers) {
      await using server = await serve((_request, response) => {
        response.writeHead(status, { location: "http://192.0.2.1/" }).end(body);
      });
      const report = await check(server.origin);
      expect(report).toMatchObject({ verdict: "inconclusive", exercised: { requests: 0 } });
      expect(report.summary).toMatch(says);
    }
    await using server = await serve(
      afterTheFirst((_request, response) => response.writeHead(302, { location: "/" }).end()),
    );
    const report = await check(server.origin);
    expect(report).toMatchObject({ verdict: "inconclusive", exercised: { requests: 0 } });
    expect(report.summary).toContain("60 × status 302 of 60");
  });

  it("takes such an answer where the demand says so, and follows no redirect", async () => {
    let elsewhere = 0;
    await using other = await serve((_request, response) => {
      elsewhere += 1;
      response.end();
    });
    await using server = await serve((request, response) => {
      if (request.url === "/login") response.end("<input type=password> Welcome to the shop");
      else response.writeHead(302, { location: `${other.origin}/` }).end();
    });
    const routes = [
      { path: "/login", contains: "Welcome to" },
      { path: "/", status: 302 },
    ];
    expect(await calm(() => check(server.origin, { ...lenient, routes }))).toMatchObject({
      verdict: "pass",
    });
    expect(elsewhere).toBe(0);
  });

  it("is inconclusive without an instance and with too few answers to judge by", async () => {
    expect(await check([])).toMatchObject({ verdict: "inconclusive" });
    await using server = await serve(hello);
    const report = await check(server.origin, { rate: 10 });
    expect(report.verdict).toBe("inconclusive");
    expect(report.summary).toContain("too few");
  });

  it("is an error where nothing listens, and before it begins where its time is too short", async () => {
    const gone = await serve(hello);
    await gone[Symbol.asyncDispose]();
    const report = await check(gone.origin);
    expect(report).toMatchObject({ verdict: "error", exercised: { requests: 0 } });
    expect(report.summary).toContain("GET /, before any load");
    const tooLong = await check(gone.origin, { duration: "5m" });
    expect(tooLong.verdict).toBe("error");
    expect(tooLong.summary).toMatch(/it may need 306 s and has 60 s.*raise the check's `timeout`/);
  });

  it("refuses a configuration that cannot be meant", async () => {
    const wrong = async (configuration: object) => {
      const report = await check("http://127.0.0.1:9", configuration);
      expect(report.verdict).toBe("error");
      return report.summary;
    };
    const stress = { from: 10, step: 10, to: 50, minimum: 20 };
    expect(await wrong({ stress })).toContain("in stress the levels say the rate");
    expect(await wrong({ rate: undefined, stress: { ...stress, minimum: 60 } })).toContain(
      "from `from` to `to`",
    );
    expect(await wrong({ rate: undefined, stress: { ...stress, step: 1, to: 500 } })).toContain(
      "more than 50 levels",
    );
    expect(await wrong({ rate: 20_000, duration: "10m" })).toContain("make it shorter");
    expect(await wrong({ routes: [{ path: "/", body: "x" }] })).toContain("GET has no body");
    expect(await wrong({ routes: [{ path: "/ x" }] })).toContain("percent-encode");
    expect(await wrong({ routes: [{ path: "/", headers: { Host: "other" } }] })).toContain(
      "routes.0.headers",
    );
  });
});

describe("stress", () => {
  it("finds the level at which a service bends, and holds it against the one that is demanded", async () => {
    let busy = Promise.resolve();
    await using server = await serve((_request, response) => {
      busy = busy.then(() => sleep(15)).then(() => void response.end("one at a time"));
    });
    // Serves about 60 a second.
    const common = { rate: undefined, budget: { p95Ms: 1_000 }, timeoutMs: 2_000 };
    const stress = { from: 25, step: 175, to: 200, minimum: 25 };
    const report = await calm(async () => {
      await busy;
      return check(server.origin, { ...common, duration: "2s", stress });
    });
    expect(report.summary).toMatch(
      /^25 requests a second held, at least 25 is demanded; 200 did not/,
    );
    expect(report.verdict).toBe("pass");
  });

  it("fails a service that does not hold the level that is demanded", async () => {
    await using server = await serve(
      afterTheFirst((_request, response) => response.writeHead(503).end()),
    );
    const stress = { from: 50, step: 50, to: 100, minimum: 100 };
    const report = await check(server.origin, { rate: undefined, stress });
    expect(report.verdict).toBe("fail");
    expect(report.summary).toMatch(/^no level held, at least 100 is demanded; 50 did not \(fail\)/);
  });
});

describe("a hostile service", () => {
  const endless = (response: ServerResponse) => {
    const part = Buffer.alloc(1 << 20, 97);
    const go = (): void => {
      while (response.write(part));
    };
    response.on("drain", go);
    go();
  };

  it("never passes, whatever it does to its clients, and each way is named", async () => {
    const raw = (text: string) => () =>
      rawAfterTheFirst((socket) => void socket.end(text, "latin1"));
    const http = (handler: RequestListener) => () => serve(afterTheFirst(handler));
    const services: readonly [() => Promise<TestServer>, RegExp][] = [
      [http(() => undefined), /no answer in time/],
      [http((_request, response) => endless(response)), /answer too long/],
      [raw("\xff\x00garbage\r\n\r\n"), /no valid HTTP/],
      [raw(""), /connection closed without an answer/],
      [raw("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\ncut"), /answer cut off/],
      [raw("HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"), /another protocol/],
      [
        () => rawAfterTheFirst((socket) => void socket.write("HTTP/1.1 200 OK\r\nx: ")),
        /no answer in time/,
      ],
    ];
    const quick = { rate: 25, timeoutMs: 900, connections: 25, maxBodyBytes: 100_000 };
    const met = await Promise.all(
      services.map(async ([start, says]) => {
        const report = await calm(async () => {
          await using server = await start();
          return await check(server.origin, quick);
        });
        return { report, says };
      }),
    );
    for (const { report, says } of met) {
      // A machine that stays busy makes the load late, and then it is not known whose doing it was.
      expect(["fail", "inconclusive"], report.summary).toContain(report.verdict);
      expect(report.exercised.requests).toBe(0);
      if (report.verdict === "fail") expect(report.summary).toMatch(says);
    }
    expect(met.some(({ report }) => report.verdict === "fail")).toBe(true);
  });
});
