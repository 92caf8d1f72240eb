import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AccessLab } from "../support/access-lab.ts";
import { Browser } from "../support/browser.ts";

/** Figures for monitoring: read by a token that reads nothing else, and no label that somebody chose. */

let lab: AccessLab;
let token: string;

beforeAll(async () => {
  lab = await AccessLab.create();
  await lab.worker.engine.log.open("1.0.0");
  ({ token } = await lab.token("monitor"));
}, 60_000);
afterAll(() => lab.close());

const scrape = async (who = token) => {
  const [app] = lab.apps;
  if (!app) throw new Error("no server");
  return app.inject({
    method: "GET",
    url: "/metrics",
    headers: { host: "localhost", ...(who === "" ? {} : { authorization: `Bearer ${who}` }) },
  });
};

describe("figures for monitoring", () => {
  it("are read by a token of the role for that, which reads nothing else", async () => {
    const answer = await scrape();
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect((await scrape("")).statusCode).toBe(401);
    const auditor = await lab.person("ada@shop.example", ["auditor", null, null]);
    expect((await scrape(auditor)).statusCode).toBe(403);
    expect((await lab.ask(token, "GET", "/api/v1/promotions")).status).toBe(403);
  });

  it("say what happened: failed sign-ins, calls by route and status, promotions by state", async () => {
    const before = await scrape();
    await new Browser(lab).signIn("nobody@shop.example", "guessed at random");
    const { body } = await scrape();
    const of = (text: string, line: string) =>
      Number(
        text
          .split("\n")
          .find((one) => one.startsWith(`${line} `))
          ?.slice(line.length),
      );
    const failed = 'tidelock_sign_ins_total{way="password",outcome="failed"}';
    expect(of(body, failed)).toBe(of(before.body, failed) + 1);
    expect(of(body, "tidelock_sign_in_failures_last_hour")).toBeGreaterThan(0);
    expect(of(body, 'tidelock_http_requests_total{method="GET",route="/metrics",status="200"}')).toBeGreaterThan(1); // prettier-ignore
    expect(of(body, 'tidelock_promotions{state="queued"}')).toBe(0);
    expect(of(body, "tidelock_approvals_waiting")).toBe(0);
    const entries = of(body, "tidelock_ledger_size") + of(body, "tidelock_ledger_queue");
    expect(entries).toBeGreaterThan(0);
  });

  it("have no label and no series more for whatever a stranger sends, and no name of anybody", async () => {
    const [app] = lab.apps;
    const series = (text: string) => text.split("\n").map((line) => line.replace(/ [^ ]+$/, ""));
    const ask = (n: number) =>
      app?.inject({
        method: n % 2 === 0 ? "GET" : "PUT",
        url: `/marked-${n}/api/v1/promotions/marked-${n}?marked=${n}`,
        headers: { host: "localhost", "user-agent": `marked-${n}` },
      });
    const person = (n: number) =>
      app?.inject({ url: `/api/v1/promotions/marked-${n}`, headers: { host: "localhost" } });
    for (let n = 0; n < 2; n += 1) await Promise.all([ask(n), person(n)]);
    const few = series((await scrape()).body);
    for (let n = 2; n < 60; n += 1) await Promise.all([ask(n), person(n)]);
    const { body } = await scrape();
    expect(series(body)).toEqual(few);
    expect(body).not.toMatch(/marked|ada@|nobody@|prometheus/);
  });
});
