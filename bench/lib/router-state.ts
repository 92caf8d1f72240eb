import { generateKeyPairSync } from "node:crypto";
import type { RouterLane, RouterState } from "../../src/agent/router-control.ts";
import type { RouteSpec } from "../../src/ports/host-agent.ts";

export function newTesterKey(): string {
  return generateKeyPairSync("ed25519")
    .publicKey.export({ type: "spki", format: "pem" })
    .toString();
}

export function routerState(options: {
  generation: number;
  testerPublicKey: string;
  accessLog: string;
  lanes: RouterLane[];
}): RouterState {
  return { formatVersion: 1, environment: "bench", runAs: null, ...options };
}

export function laneOf(options: {
  port: number;
  blue: readonly number[];
  green: readonly number[];
  route?: Partial<RouteSpec>;
}): RouterLane {
  const backends = (ports: readonly number[]) => ports.map((port) => ({ host: "127.0.0.1", port }));
  const name = (ports: readonly number[], release: string) => (ports.length > 0 ? release : null);
  return {
    route: {
      lane: "shop/bench",
      listen: `127.0.0.1:${options.port}`,
      tls: null,
      trustedProxies: ["10.0.0.0/8", "192.168.0.0/16"],
      limits: { headerBytes: 16 * 1024, bodyBytes: 10 * 1024 * 1024 },
      weights: { blue: 100, green: 0 },
      drainMs: 30_000,
      ...options.route,
    },
    colours: {
      blue: { releaseName: name(options.blue, "shop@1.0.0"), backends: backends(options.blue) },
      green: { releaseName: name(options.green, "shop@2.0.0"), backends: backends(options.green) },
    },
  };
}
