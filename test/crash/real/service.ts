/** The services that the cases release, each with a lane of its own behind the one router. */
export const services = ["shop", "brief", "once", "jobs", "fresh", "halt"] as const;
export type ServiceName = (typeof services)[number];

/** Good ones, to be promoted in turn. */
export const good = ["1.0.0", "2.0.0"] as const;
/** Starts and answers users, and its health is bad: the watch returns its traffic. */
export const sick = "3.0.0";
/** Ends as soon as it is started. */
export const crashes = "4.0.0";

const answering = (version: string, health: number): string => `
import { createServer } from "node:http";
const server = createServer((request, response) => {
  response.statusCode = request.url === "/health" ? ${health} : 200;
  response.end("version ${version}");
});
server.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;

const working = (version: string): string => `
setInterval(() => {}, 1000);
process.on("SIGTERM", () => process.exit(0));
console.log("works: ${version}");
`;

export const sources: readonly { service: ServiceName; version: string; source: string }[] = [
  ...services.flatMap((service) =>
    good.map((version) => ({
      service,
      version,
      source: service === "jobs" ? working(version) : answering(version, 200),
    })),
  ),
  { service: "shop", version: sick, source: answering(sick, 500) },
  { service: "once", version: crashes, source: "process.exit(1);" },
];

const ready = "{ kind: http, interval: 50ms, timeout: 3s }";
const check = "[{ name: answers, uses: http, with: { requests: [{ path: / }] } }]";

function pipeline(service: ServiceName, options: readonly string[] = []): string {
  const process =
    service === "jobs"
      ? "port: none, router: none, ready: { kind: alive, for: 200ms }"
      : `ready: ${ready}`;
  // The watch bears a router that is away for a second and a half.
  return `
---
apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: ${service} }
spec:
  processes: { web: { command: [node, server.mjs], ${process}, stop: { signal: SIGTERM, grace: 2s } } }
  environments:
    - name: production
      drain: 500ms
      watch: { for: 200ms, interval: 100ms, failures: 15${service === "jobs" ? "" : ", path: /health"} }
${options.map((line) => `      ${line}\n`).join("")}`;
}

export function documentsOf(ports: ReadonlyMap<ServiceName, number>): string {
  const listen = services
    .filter((service) => service !== "jobs")
    .map((service) => `${service}: "127.0.0.1:${ports.get(service)}"`);
  return `
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: production }
spec: { tier: production, router: { type: embedded, listen: { ${listen.join(", ")} } } }
${pipeline("shop", [`checks: ${check}`])}
${pipeline("brief", ["rollbackWindow: 1s"])}
${pipeline("once", ["strategy: recreate"])}
${pipeline("jobs")}
${pipeline("fresh")}
${pipeline("halt")}
`;
}
