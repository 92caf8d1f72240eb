import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Installation } from "../support/installation.ts";
import { needs } from "../support/optional.ts";

const skip = needs(
  process.env["TIDELOCK_TEST_LONG"] === "1",
  "a real server with regression, manifest and a conformance report runs with TIDELOCK_TEST_LONG=1",
);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

const pipeline = (port: number) => `
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: production }
spec:
  tier: production
  router: { type: embedded, listen: { pages: "127.0.0.1:${port}" } }
---
apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: pages }
spec:
  processes: { web: { command: [node, server.mjs] } }
  environments:
    - name: production
      watch: { for: 2s, interval: 500ms }
      checks:
        - { name: manifest, uses: manifest }
        - { name: regression, uses: regression, allowWarn: true }
        - { name: manifest-live, uses: manifest, phase: live }
`;

const service = (headers: string) => `
import { createServer } from "node:http";
createServer((request, response) => {
  response.setHeader("content-type", "text/html");
  ${headers}
  response.end('<a href="/two">two</a><p>' + new Date().toISOString() + "</p>");
}).listen(Number(process.env.PORT), process.env.HOST);
`;
const csp = `response.setHeader("content-security-policy", "default-src 'self'");`;

it.skipIf(skip.missing)(
  "a release that lost a security header is refused, and the report before the switch says how it was met",
  async () => {
    const installation = new Installation();
    try {
      await installation.start();
      const folder = join(installation.folder, "pages");
      mkdirSync(folder);
      writeFileSync(join(folder, "tidelock.yaml"), pipeline(await freePort()));
      const tidelock = (...args: readonly string[]) => installation.tidelock(args, folder);
      await tidelock("pipeline", "apply");
      const release = async (version: string, headers: string) => {
        writeFileSync(join(folder, "server.mjs"), service(headers));
        await tidelock("release", "create", "--version", version);
        return tidelock(
          "promote",
          `pages@${version}`,
          "--to",
          "production",
          "--wait",
          "-o",
          "json",
        ).catch((error: { stdout: string }) => error.stdout);
      };
      type Shown = {
        id: string;
        state: string;
        message: string;
        checks: { name: string; report: { verdict: string; summary: string } }[];
      };
      const read = (text: string) => JSON.parse(text) as Shown;
      const verdicts = ({ checks }: Shown) => checks.map((one) => [one.name, one.report.verdict]);

      const first = read(await release("1.0.0", csp));
      expect(verdicts(first)).toEqual([
        ["manifest", "pass"],
        ["regression", "warn"],
        ["manifest-live", "pass"],
      ]);
      expect(first.state).toBe("complete");

      const worse = read(await release("1.1.0", ""));
      expect(worse.state).toBe("failed");
      expect(worse.message).toContain("security-header-lost");

      const good = read(await release("1.2.0", csp));
      expect(good.checks.find(({ name }) => name === "regression")?.report).toMatchObject({
        verdict: "pass",
      });
      expect(good.state).toBe("complete");
      const report = await tidelock("promotion", "conformance", good.id);
      expect(report).toMatch(/regression +deployed +✓ allow/);
      expect(report).toMatch(/exceptions +none/);
    } finally {
      expect(await installation.stop()).toEqual([]);
    }
  },
  300_000,
);
