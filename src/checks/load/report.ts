import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { Judged } from "./judge.ts";
import type { LoadReply } from "./protocol.ts";
import { nameOf } from "./order.ts";
import type { LoadConfiguration } from "./schema.ts";

export interface Measured {
  /** Requests a second; null: as fast as the answers came. */
  readonly rate: number | null;
  readonly reply: LoadReply;
  readonly judged: Judged;
}

const tools = { "tidelock-load": "1.0.0", node: process.version };

/** Nothing was put under load. */
export function unmeasured(verdict: Verdict, summary: string): CheckReport {
  const exercised = { requests: 0, assertions: 0, files: 0, routes: 0 };
  return { verdict, summary, exercised, tools, results: [] };
}

export function reportOf(
  configuration: LoadConfiguration,
  measured: readonly Measured[],
  { verdict, summary }: { readonly verdict: Verdict; readonly summary: string },
): CheckReport {
  const exercisedRoutes = configuration.routes.filter((_route, index) =>
    measured.some(({ reply }) => (reply.routes[index]?.answered ?? 0) > 0),
  );
  const levels = measured.length > 1 || configuration.stress !== undefined;
  return {
    verdict,
    summary,
    exercised: {
      // Expected answers only: what was refused or never came exercised nothing.
      requests: measured.reduce(
        (sum, { reply }) => sum + reply.routes.reduce((all, { answered }) => all + answered, 0),
        0,
      ),
      assertions: measured.reduce((sum, { judged }) => sum + judged.results.length, 0),
      files: 0,
      routes: exercisedRoutes.length,
    },
    tools,
    results: measured.flatMap(({ rate, judged }) =>
      judged.results.map((one) => ({
        ...one,
        name: levels ? `${one.name} at ${rate} a second` : one.name,
      })),
    ),
    raw: { format: "tidelock-load", text: rawOf(configuration, measured), truncated: false },
  };
}

/** Everything that was counted, without headers and bodies of the configuration: they may hold tokens. */
function rawOf(configuration: LoadConfiguration, measured: readonly Measured[]): string {
  const { connections, duration, warmUp, timeoutMs, routes } = configuration;
  return JSON.stringify(
    {
      model: "latencies count from when a request was due; none in time counts as the time limit",
      asked: { connections, durationMs: duration, warmUpMs: warmUp, timeoutMs },
      levels: measured.map(({ rate, reply, judged }) => ({
        ratePerSecond: rate,
        verdict: judged.verdict,
        ...reply,
        routes: reply.routes.map((counts, index) => {
          const route = routes[index];
          return { route: route === undefined ? "" : nameOf(route), ...counts };
        }),
      })),
    },
    null,
    1,
  );
}
