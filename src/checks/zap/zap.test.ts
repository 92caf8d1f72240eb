import { describe, expect, it } from "vitest";
import { runRecorded } from "../../../test/support/recorded-tool.ts";
import { zap } from "./index.ts";

const target = "http://127.0.0.1:41234";
const site = (name: string) => ({
  "@name": name,
  alerts: [
    {
      pluginid: "40012",
      name: "Cross Site Scripting (Reflected)",
      riskcode: "3",
      desc: "<p>bad</p>",
      cweid: "79",
      instances: [{ uri: `${target}/search?q=1`, method: "GET", param: "q" }],
    },
  ],
});
const run = (sites: unknown[]) =>
  runRecorded(
    zap,
    {
      name: "zap.sh",
      version: "2.16.1",
      report: JSON.stringify({ "@version": "2.16.1", site: sites }),
      flag: "-quickout",
    },
    { instances: [target] },
  );

describe("zap, in the form of a published report of it", () => {
  it("is pointed at the instance, silent, and has its hits read", async () => {
    const { report, started, hits } = await run([site(target)]);
    expect(report.verdict).toBe("pass");
    expect(hits).toMatchObject([
      { rule: "40012", severity: "high", cwe: [79], place: { route: "/search", parameter: "q" } },
    ]);
    expect(started?.argv).toEqual(expect.arrayContaining(["-cmd", "-silent", `${target}/`]));
    expect(started?.argv.at(-1)).toMatch(/report\.json$/);
  });

  it("proves nothing when the service is not in its report, or has not one alert", async () => {
    expect((await run([])).report.verdict).toBe("inconclusive");
    expect((await run([site("http://127.0.0.1:1")])).report.verdict).toBe("inconclusive");
    expect((await run([{ "@name": target, alerts: [] }])).report.verdict).toBe("inconclusive");
  });
});
