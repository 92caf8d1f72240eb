import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { freePort, Installation } from "../support/installation.ts";
import { needs } from "../support/optional.ts";

const skip = needs(
  process.env["TIDELOCK_TEST_LONG"] === "1",
  "a real server with staging compared with production runs with TIDELOCK_TEST_LONG=1",
);

/** Two environments as they are on a laptop: other ports, another size; `staging` with nothing but its profile. */
const documents = (staging: number, production: number, command: string) => `
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: staging }
spec:
  tier: staging
  router: { type: embedded, listen: { pages: "127.0.0.1:${staging}" } }
---
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: production }
spec:
  tier: production
  router: { type: embedded, listen: { pages: "127.0.0.1:${production}" } }
---
apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: pages }
spec:
  processes: { web: { command: ${command} } }
  environments:
    - name: staging
      profile: staging
      watch: { for: 1s, interval: 250ms }
    - name: production
      replicas: { web: 2 }
      watch: { for: 1s, interval: 250ms }
`;

const service = `
import { createServer } from "node:http";
createServer((request, response) => {
  response.setHeader("content-type", "text/html");
  response.setHeader("x-frame-options", "DENY");
  response.end("<p>pages</p>");
}).listen(Number(process.env.PORT), process.env.HOST);
`;

it.skipIf(skip.missing)(
  "staging is compared with what users of production meet, and a laptop's differences do not stop it",
  async () => {
    const installation = new Installation();
    try {
      await installation.start();
      const folder = join(installation.folder, "pages");
      mkdirSync(folder);
      const tidelock = (...args: readonly string[]) => installation.tidelock(args, folder);
      const ports = [await freePort(), await freePort()] as const;
      const apply = async (command: string) => {
        writeFileSync(join(folder, "tidelock.yaml"), documents(...ports, command));
        await tidelock("pipeline", "apply");
      };
      await apply("[node, server.mjs]");
      const release = async (version: string, page: string) => {
        writeFileSync(join(folder, "server.mjs"), page);
        await tidelock("release", "create", "--version", version);
      };
      const promote = async (version: string, environment: string) => {
        const words = ["promote", `pages@${version}`, "--to", environment, "--wait", "-o", "json"];
        const text = await tidelock(...words).catch((error: { stdout: string }) => error.stdout);
        const shown = JSON.parse(text) as {
          state: string;
          checks: {
            name: string;
            report: { verdict: string; summary: string; results: unknown };
          }[];
        };
        return { ...shown, parity: shown.checks.find(({ name }) => name === "parity")?.report };
      };
      await tidelock(
        "config",
        "set",
        "URL=http://one",
        "--service",
        "pages",
        "--environment",
        "production",
      );
      await tidelock(
        "config",
        "set",
        "URL=http://two",
        "--service",
        "pages",
        "--environment",
        "staging",
      );

      await release("1.0.0", service);
      const first = await promote("1.0.0", "staging");
      expect(first.parity).toMatchObject({ verdict: "warn" });
      expect(first.parity?.summary).toContain("nothing of pages is live in production");
      expect(first.state).toBe("complete");
      expect((await promote("1.0.0", "production")).state).toBe("complete");

      await release("1.1.0", service);
      const second = await promote("1.1.0", "staging");
      const said = JSON.stringify(second.parity);
      expect(second.parity, said).toMatchObject({
        verdict: "warn",
        exercised: { requests: 4 },
        data: { "running programs": "compared" },
      });
      expect(said).toContain("web has 1 instances here, and 2 there");
      expect(said).toContain("URL has another value there");
      expect(said).not.toMatch(/http:..(one|two)/);
      expect(second.state).toBe("complete");

      await release("1.2.0", service.replace(`response.setHeader("x-frame-options", "DENY");`, ""));
      const worse = await promote("1.2.0", "staging");
      expect(worse.state).toBe("failed");
    } finally {
      expect(await installation.stop()).toEqual([]);
    }
  },
  300_000,
);
