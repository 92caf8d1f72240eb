import type { Metric, Sample } from "./exposition.ts";

/** Upper ends of the buckets, in seconds. */
const buckets = [0.005, 0.025, 0.1, 0.5, 2.5, 10] as const;
const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE"]);

/** A call that was answered. `route`: the pattern that it was found by; undefined: there is none, whatever was asked. */
export interface Answered {
  readonly method: string;
  readonly route: string | undefined;
  readonly status: number;
  readonly seconds: number;
}

/** How somebody tried to sign in, by the call. */
const signIns: Readonly<Record<string, string>> = {
  "/api/v1/sign-in": "password",
  "/api/v1/sign-in/passkey": "passkey",
};

/**
 * Calls of this process since it started. As many series as there are routes, methods and statuses of ours: nothing that
 * somebody sends becomes a label.
 */
export class Calls {
  readonly #counts = new Map<string, { readonly labels: Readonly<Record<string, string | number>>; value: number }>(); // prettier-ignore
  readonly #times = new Map<string, { readonly within: number[]; sum: number; count: number }>();
  readonly #signIns = new Map<string, number>();

  add({ method, route = "(none)", status, seconds }: Answered): void {
    const known = methods.has(method) ? method : "other";
    const labels = { method: known, route, status };
    const key = JSON.stringify(labels);
    const counted = this.#counts.get(key) ?? { labels, value: 0 };
    counted.value += 1;
    this.#counts.set(key, counted);
    const time = this.#times.get(route) ?? { within: buckets.map(() => 0), sum: 0, count: 0 };
    buckets.forEach((end, at) => {
      if (seconds <= end) time.within[at] = (time.within[at] ?? 0) + 1;
    });
    time.sum += seconds;
    time.count += 1;
    this.#times.set(route, time);
    const way = signIns[route];
    if (way !== undefined && method === "POST") {
      const outcome = status < 300 ? "ok" : status === 429 ? "held-back" : "failed";
      const tried = `${way} ${outcome}`;
      this.#signIns.set(tried, (this.#signIns.get(tried) ?? 0) + 1);
    }
  }

  metrics(): readonly Metric[] {
    return [
      {
        name: "tidelock_http_requests_total",
        help: "Calls that this process answered.",
        type: "counter",
        samples: [...this.#counts.values()],
      },
      {
        name: "tidelock_http_request_duration_seconds",
        help: "How long they took; streams count when they end.",
        type: "histogram",
        samples: [...this.#times].flatMap(([route, time]): Sample[] => [
          ...buckets.map((le, at) => ({ suffix: "_bucket", labels: { route, le }, value: time.within[at] ?? 0 })), // prettier-ignore
          { suffix: "_bucket", labels: { route, le: "+Inf" }, value: time.count },
          { suffix: "_sum", labels: { route }, value: time.sum },
          { suffix: "_count", labels: { route }, value: time.count },
        ]),
      },
      {
        name: "tidelock_sign_ins_total",
        help: "Tries to sign in here with a password or a passkey, answered by this process.",
        type: "counter",
        samples: Object.values(signIns).flatMap((way) =>
          ["ok", "failed", "held-back"].map((outcome) => ({
            labels: { way, outcome },
            value: this.#signIns.get(`${way} ${outcome}`) ?? 0,
          })),
        ),
      },
    ];
  }
}
