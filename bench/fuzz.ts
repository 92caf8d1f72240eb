import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fuzz } from "../src/checks/api-fuzz/fuzz.ts";
import { ApiFuzzConfiguration } from "../src/checks/api-fuzz/schema.ts";
import { checkContext } from "../test/support/check-context.ts";
import { type Bug, bugs } from "./fuzz/planted.ts";
import { preparation, runSchemathesis, versionOfSchemathesis } from "./fuzz/schemathesis.ts";
import { freePort } from "./lib/processes.ts";
import { type BenchResult, round } from "./lib/report.ts";

/** Which buckets show which flaw. Where no agent watches, a process that ends is a lost connection. */
const shownBy: Readonly<Record<Bug, RegExp>> = {
  "name-null": /^server-error (POST|PUT) \/items.* body\.name \(type\)/,
  "price-huge": /^server-error (POST|PUT) \/items.* body\.price/,
  "limit-negative": /^server-error GET \/items .*query\.limit/,
  "half-character": /^server-error (POST|PUT) \/items.* body\.name \(text\)/,
  "zero-character": /^server-error (POST|PUT) \/items.* body\.name \(text\)/,
  "long-query": /^hang GET \/search/,
  "tags-object": /^(no-answer|crash) (POST|PUT) \/items/,
  "cut-picture": /^no-answer POST \/pictures/,
  "open-admin": /^auth-bypass GET \/admin\/report/,
  "price-text": /^schema-violation .*\/items/,
  "odd-status": /^undeclared-status GET \/items /,
  "odd-type": /^undeclared-type GET \/health/,
  "stack-trace": /^error-leak/,
  "kept-bodies": /^memory-growth/,
  "undead-note": /^deleted-still-there GET \/notes/,
  "broken-json": /^server-error POST \/orders.* body \(malformed\)/,
  "no-type": /^server-error POST \/orders.* content-type/,
  "no-such-day": /^server-error POST \/orders.* body\.day/,
  "unknown-state": /^server-error PUT \/orders\/\{id\}\/state/,
  entities: /^server-error POST \/import/,
};

const seconds = Number(process.env["TIDELOCK_FUZZ_SECONDS"] ?? 60);
const names = Object.keys(bugs) as Bug[];

/**
 * The fuzzer and schemathesis against one small service with twenty planted flaws, each twice with the same seed and
 * the same time. Ours are counted by what was reported; the other's by what answered it, reported or not.
 */
export async function fuzzBench(): Promise<BenchResult> {
  const version = versionOfSchemathesis();
  if (version === null) throw new Error(preparation);
  const ours = [await runOurs(), await runOurs()];
  const theirs = [await runTheirs(), await runTheirs()];
  const alone = await runOurs("none");
  const found = (runs: readonly { readonly met: ReadonlySet<string> }[], bug: Bug) =>
    runs.filter(({ met }) => met.has(bug)).length;
  const [first, second] = [ours, theirs].map(
    ([a, b]) => [...(a?.met ?? [])].filter((one) => b?.met.has(one)).length,
  );
  return {
    figures: {
      planted: names.length,
      seconds,
      schemathesisVersion: version,
      tidelock: ours.map(({ met, reported, requests, took }) => ({
        flaws: met.size,
        buckets: reported,
        requests,
        took,
      })),
      schemathesis: theirs.map(({ met, reported, silent }) => ({
        flawsMet: met.size,
        failures: reported,
        silent,
      })),
      bothRuns: { tidelock: first, schemathesis: second },
      sameBuckets: ours[0]?.keys.join() === ours[1]?.keys.join(),
      falseAlarmsWithoutFlaws: alone.keys,
    },
    table: [
      ["planted flaw", "tidelock (of 2 runs)", "schemathesis (of 2 runs)"],
      ...names.map((bug) => [
        `${bug}: ${bugs[bug]}`,
        `${found(ours, bug)}`,
        `${found(theirs, bug)}`,
      ]),
    ],
    notes: [
      "Memory is seen by the host agent alone, which is not here. A request without any answer names no flaw: schemathesis's are counted as `silent`.",
    ],
    ok: alone.keys.length === 0 && (ours[0]?.met.size ?? 0) >= (theirs[0]?.met.size ?? 0),
  };
}

async function runOurs(which: "all" | "none" = "all") {
  await using service = await startPlanted(which);
  const began = performance.now();
  const identity = {
    name: "clerk",
    login: { kind: "headers", headers: { authorization: "Bearer planted-token" } },
    check: { path: "/admin/report" },
  };
  const configuration = ApiFuzzConfiguration.parse({
    openapi: { path: "/openapi.json" },
    // With the flaw everybody is let in, so nothing would show that the clerk is signed in.
    identities: which === "none" ? [identity] : [],
    limits: { seconds, requestsPerSecond: 1_000, hangMs: 2_000 },
  });
  const context = checkContext({ slot: null, timeoutMs: 600_000 });
  const result = await fuzz(context, configuration, { origin: service.origin, headers: {} });
  const keys = result.findings
    .map(({ rule, operation, bucket }) => `${rule} ${operation} ${bucket.signature}`)
    .toSorted();
  const met = new Set<string>(names.filter((bug) => keys.some((key) => shownBy[bug].test(key))));
  return {
    met,
    keys,
    reported: result.findings.length,
    requests: result.requests,
    took: round((performance.now() - began) / 1_000, 0),
  };
}

async function runTheirs() {
  await using service = await startPlanted("all");
  return await runSchemathesis(service.origin, seconds, 1);
}

/** The service in a process of its own that is started again when it ends, as a host agent would. */
async function startPlanted(which: string): Promise<{ readonly origin: string } & AsyncDisposable> {
  const port = await freePort();
  let stopped = false;
  const begin = () =>
    spawn(process.execPath, [join(import.meta.dirname, "fuzz/planted.ts"), `${port}`, which], {
      stdio: "ignore",
    }).once("exit", () => {
      if (!stopped) child = begin();
    });
  let child = begin();
  const origin = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(`${origin}/health`).catch(() => null);
    if (answer?.ok === true) break;
    if (tries > 300) throw new Error("the planted service does not start");
    await sleep(100);
  }
  return {
    origin,
    [Symbol.asyncDispose]: async () => {
      stopped = true;
      const ended = new Promise((resolve) => {
        child.once("exit", resolve);
      });
      child.kill("SIGKILL");
      await ended;
    },
  };
}
