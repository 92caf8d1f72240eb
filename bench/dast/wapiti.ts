import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** One line of wapiti's report. */
export interface WapitiHit {
  readonly category: string;
  readonly path: string;
  readonly parameter: string | null;
}

const Report = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.array(z.object({ path: z.string(), parameter: z.string().nullish().default(null) })),
  ),
  anomalies: z
    .record(
      z.string(),
      z.array(z.object({ path: z.string(), parameter: z.string().nullish().default(null) })),
    )
    .default({}),
});

/** Every module that attacks or judges; those that look for known products' files are left out. */
const modules =
  "backup,blindsql,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,shellshock,sql,ssrf,xss,xxe";

/**
 * Runs wapiti with all it has. Its listeners for server-side requests are its authors' servers; here they are
 * a loopback server that never saw anything, so what only those would tell it is out of its reach.
 */
export async function runWapiti(
  origin: string,
  options: {
    starts: readonly string[];
    /** Parameters that it takes out of every address. */
    remove: readonly string[];
    headers: readonly string[];
  },
): Promise<{ hits: readonly WapitiHit[]; anomalies: readonly WapitiHit[]; seconds: number }> {
  const folder = mkdtempSync(join(tmpdir(), "tidelock-wapiti-"));
  const file = join(folder, "report.json");
  const endpoint = createServer((_request, response) => response.end("{}"));
  await new Promise<void>((resolve) => {
    endpoint.listen(0, "127.0.0.1", resolve);
  });
  const nowhere = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/`;
  const began = performance.now();
  const argv = [
    ["-u", `${origin}/`, "-m", modules, "-f", "json", "-o", file, "--flush-session"],
    ["--external-endpoint", nowhere, "--internal-endpoint", nowhere],
    ["--max-scan-time", "60", "--max-attack-time", "90", "--no-bugreport"],
    options.starts.flatMap((path) => ["-s", origin + path]),
    options.remove.flatMap((name) => ["-r", name]),
    options.headers.flatMap((header) => ["-H", header]),
  ].flat();
  try {
    await new Promise<void>((resolve, reject) => {
      const child = spawn("wapiti", argv, {
        stdio: "ignore",
        env: { ...process.env, HOME: folder },
      });
      const timer = setTimeout(() => child.kill("SIGKILL"), 900_000);
      child.once("error", reject);
      child.once("exit", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    if (!existsSync(file)) throw new Error("wapiti left no report: it ended before its time");
    const report = Report.parse(JSON.parse(readFileSync(file, "utf8")));
    const flat = (from: Record<string, { path: string; parameter: string | null }[]>) =>
      Object.entries(from).flatMap(([category, hits]) =>
        hits.map(({ path, parameter }) => ({
          category,
          path: path.split("?")[0] ?? "/",
          parameter,
        })),
      );
    return {
      hits: flat(report.vulnerabilities),
      anomalies: flat(report.anomalies),
      seconds: (performance.now() - began) / 1_000,
    };
  } finally {
    endpoint.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
