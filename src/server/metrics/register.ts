import type { FastifyInstance } from "fastify";
import { everything } from "../../model/permissions.ts";
import { PromotionState } from "../../model/promotion.ts";
import type { ControlPlane, Figures } from "../../ports/control-plane.ts";
import type { Calls } from "./calls.ts";
import { exposition, type Metric } from "./exposition.ts";

/** Counts what is answered, by pattern. */
export function countCalls(app: FastifyInstance, calls: Calls): void {
  app.addHook("onResponse", async (request, reply) => {
    calls.add({
      method: request.method,
      route: request.is404 ? undefined : request.routeOptions.url,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1_000,
    });
  });
}

/** `GET /metrics`, for who may read figures of everything; what it says is in docs/operations.md. */
export function registerMetrics(
  app: FastifyInstance,
  calls: Calls,
  controlPlane: Pick<ControlPlane, "figures">,
): void {
  app.get(
    "/metrics",
    {
      schema: { hide: true } as object,
      config: { access: { permission: "metrics.read", resource: everything } },
    },
    async (_request, reply) => {
      const figures = await controlPlane.figures();
      return reply
        .type("text/plain; version=0.0.4; charset=utf-8")
        .send(exposition([...gauges(figures), ...calls.metrics()]));
    },
  );
}

function gauges({ people, approvals, lanes, ledger, promotions }: Figures): readonly Metric[] {
  // An age of nothing is no number: zero would say that something came just now, and alarms compare with "more than".
  const age = (seconds: number | null) => Math.max(0, seconds ?? 0);
  return [
    {
      name: "tidelock_sessions",
      help: "Sessions that count now.",
      type: "gauge",
      samples: [
        { labels: { carried: "browser" }, value: people.browsers },
        { labels: { carried: "terminal" }, value: people.terminals },
      ],
    },
    one("tidelock_accounts_locked", "Accounts that somebody has locked.", people.locked),
    one(
      "tidelock_sign_in_failures_last_hour",
      "Failed sign-ins that are held against somebody's next try, all servers.",
      people.failures,
    ),
    one("tidelock_approvals_waiting", "Requests that wait for people.", approvals.waiting),
    one(
      "tidelock_approvals_oldest_seconds",
      "Since when the oldest of them waits; 0: none.",
      age(approvals.oldest),
    ),
    {
      name: "tidelock_promotions",
      help: "Promotions by state, ended ones included.",
      type: "gauge",
      samples: PromotionState.options.map((state) => ({
        labels: { state },
        value: promotions[state] ?? 0,
      })),
    },
    one("tidelock_queue_oldest_seconds", "Age of the oldest queued promotion; 0: none.", age(lanes.queued)), // prettier-ignore
    one("tidelock_environment_leases", "Environments that one check has for itself.", lanes.leases),
    one("tidelock_environment_lease_oldest_seconds", "Age of the oldest of them; 0: none.", age(lanes.leased)), // prettier-ignore
    one("tidelock_ledger_size", "Entries under the newest checkpoint.", ledger.size ?? 0),
    one(
      "tidelock_ledger_head_age_seconds",
      "Age of the newest checkpoint; it grows while nothing is written.",
      age(ledger.head),
    ),
    one("tidelock_ledger_queue", "Entries that wait to be sequenced.", ledger.queued),
  ];
}

function one(name: string, help: string, value: number): Metric {
  return { name, help, type: "gauge", samples: [{ value }] };
}
