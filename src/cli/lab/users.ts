import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ask } from "./definition.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const answerTimeout = 10_000;
const mostBody = 1024 * 1024;

/** Sends one request; rejects when there is no whole answer. */
export function send({ url, method, headers, json }: Ask, agent?: Agent): Promise<Answer> {
  const body = json === undefined ? undefined : JSON.stringify(json);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method,
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(agent === undefined ? { agent: false as const } : { agent }),
        signal: AbortSignal.timeout(answerTimeout),
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
          if (text.length > mostBody) response.destroy(new Error("an endless answer"));
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      },
    );
    // Without this listener Node destroys the request of a 101 and says neither `response` nor `error`.
    outgoing.on("upgrade", (_response, socket) => {
      socket.destroy();
      reject(new Error("the service answers 101: it wants another protocol than HTTP"));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** People who use the service while the lab runs, and what they met. */
export class Users {
  readonly met = new Map<string, number>();
  failed = 0;
  sent = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(requests: readonly Ask[], everyMs: number, who: string) {
    this.#done = this.#run(requests, everyMs, who.toLowerCase());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(requests: readonly Ask[], everyMs: number, who: string): Promise<void> {
    const agent = new Agent({ keepAlive: true });
    for (let turn = 0; !this.#stopped; turn += 1) {
      const ask = requests[turn % requests.length];
      if (ask !== undefined) await this.#one(ask, agent, who);
      await sleep(everyMs);
    }
    agent.destroy();
  }

  async #one(ask: Ask, agent: Agent, who: string): Promise<void> {
    this.sent += 1;
    try {
      const { status, headers } = await send(ask, agent);
      if (status >= 500) this.failed += 1;
      const name = String(headers[who] ?? "nobody");
      this.met.set(name, (this.met.get(name) ?? 0) + 1);
    } catch {
      this.failed += 1;
    }
  }
}
