import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import type { CheckContext } from "../../src/ports/check.ts";
import type { HostAgent } from "../../src/ports/host-agent.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

/** An agent for checks that must not need one. */
export const noAgent: HostAgent = {
  call: async (method) => {
    throw new Error(`this check must not call ${method}`);
  },
};

/** A context as the engine gives it, changed where a test says so. */
export function checkContext(change: Partial<CheckContext> = {}): CheckContext {
  return {
    run: "promotion-1/5/smoke",
    fence: { lane: "shop/production", incarnation: 0, epoch: 1 },
    slot: { service: "shop", environment: "production", colour: "green" },
    release: digest("a"),
    releaseName: "shop@1.4.2",
    tree: digest("b"),
    instances: [],
    route: null,
    tester: null,
    scan: null,
    searchCredentials: () => {
      throw new Error("this check must not look for credentials");
    },
    agent: noAgent,
    readTree: () => {
      throw new Error("this check must not read the release");
    },
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...change,
  };
}

export interface TestServer extends AsyncDisposable {
  readonly origin: string;
}

/** A real server on a free loopback port: `await using server = await serve(…)`. */
export async function serve(handler: RequestListener): Promise<TestServer> {
  return listen(createServer(handler), "http");
}

export async function serveTls(
  options: ServerOptions,
  handler: RequestListener,
): Promise<TestServer> {
  return listen(createTlsServer(options, handler), "https");
}

async function listen(server: Server, scheme: string): Promise<TestServer> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${scheme}://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
