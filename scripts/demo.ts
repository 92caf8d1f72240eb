// `npm start`: the main job, on the sample service. Starts a server with a data directory of its own, takes
// the shop from development to production, then its next version to production by blue/green while a client
// keeps sending requests, and goes on serving until Ctrl-C.
//
//   npm start               stays
//   npm start -- --once     ends by itself; exit code 1 when anything fell short
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Client } from "../src/api/client.ts";
import { clearHome, startServer, stopEverything, tidelock } from "./demo/control-plane.ts";
import {
  asOnlyDemo,
  type DemoAddresses,
  type DemoHome,
  demoHome,
  writeAddresses,
} from "./demo/home.ts";
import { buildDashboard } from "./demo/dashboard.ts";
import { Load } from "./demo/load.ts";
import { createProgress } from "./demo/progress.ts";
import { type Promoted, promote } from "./demo/releases.ts";
import { closingTable, shortcomings } from "./demo/report.ts";
import {
  createSample,
  environments,
  firstVersion,
  nextVersion,
  type Sample,
} from "./demo/sample.ts";

const requestsPerSecond = 250;
const progress = createProgress(process.stdout);

/** Aborted by the first Ctrl-C; a second one is left to the system. */
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => interruption.abort());
}
const interrupted = new Promise<never>((_, reject) => {
  interruption.signal.addEventListener("abort", () => reject(new Error("interrupted")));
});
interrupted.catch(() => undefined);

/** Packs what is committed and takes it through every environment. */
async function release(
  home: DemoHome,
  client: Client,
  sample: Sample,
  version: string,
  load: Load | null,
): Promise<readonly Promoted[]> {
  await tidelock(home, ["release", "create", "--version", version], sample.folder);
  const promoted: Promoted[] = [];
  for (const environment of environments) {
    const under = environment === "production" ? load : null;
    if (under) under.start(requestsPerSecond);
    const view = await promote(
      client,
      progress,
      { service: "shop", release: version, environment },
      under,
    );
    if (under) {
      await under.stop();
      await under.settle();
    }
    promoted.push({ view, load: under ? under.report() : null });
    if (view.state !== "complete") break;
  }
  return promoted;
}

async function mainJob(home: DemoHome): Promise<{
  readonly addresses: DemoAddresses;
  readonly welcome: string | null;
  readonly problems: readonly string[];
}> {
  buildDashboard((text) => progress.say(text));
  progress.say("Starting a control plane with its own PostgreSQL");
  const sample = await createSample(home.shop);
  // Nothing may be started behind the back of the clean-up.
  interruption.signal.throwIfAborted();
  const { client, welcome } = await startServer(home);
  const service = sample.addresses["production"] ?? "";
  const addresses = { pid: process.pid, server: client.url, service };
  writeAddresses(home, addresses);
  await tidelock(home, ["pipeline", "apply"], sample.folder);
  progress.say(`Releasing shop ${firstVersion}`);
  const first = await release(home, client, sample, firstVersion, null);
  sample.commitNextVersion();
  progress.say(
    `Releasing shop ${nextVersion}, under ${requestsPerSecond} requests/s in production`,
  );
  const next = first.every(({ view }) => view.state === "complete")
    ? await release(home, client, sample, nextVersion, new Load(service))
    : [];
  const promoted = [...first, ...next];
  progress.end();
  console.log(`\n${closingTable(promoted)}\n`);
  return { addresses, welcome, problems: shortcomings(promoted, 2 * environments.length) };
}

/** Until Ctrl-C. */
async function keepServing(
  home: DemoHome,
  addresses: DemoAddresses,
  welcome: string | null,
): Promise<void> {
  console.log(`The shop:          ${addresses.service}`);
  console.log(`The control plane: ${addresses.server}`);
  if (welcome !== null) console.log(`Sign up, once:     ${welcome}`);
  console.log(`Its token:         ${join(home.data, "server", "token")}`);
  console.log(`Look around:       npm run --silent tidelock -- status --data-dir ${home.data}`);
  console.log("Ctrl-C ends both, and everything else that was started.");
  const alive = setInterval(() => undefined, 60_000);
  await interrupted.catch(() => undefined);
  clearInterval(alive);
}

async function runDemo(home: DemoHome, once: boolean): Promise<number> {
  let code = 0;
  // What a demo that was killed has left.
  await stopEverything(home);
  await clearHome(home);
  try {
    const { addresses, welcome, problems } = await Promise.race([mainJob(home), interrupted]);
    for (const problem of problems) console.error(`fell short: ${problem}`);
    if (problems.length > 0) code = 1;
    if (!once) await keepServing(home, addresses, welcome);
  } catch (error) {
    progress.end();
    if (interruption.signal.aborted) code = 130;
    else {
      console.error(error instanceof Error ? error.message : String(error));
      code = 1;
    }
  }
  const left = await stopEverything(home);
  for (const { pid, command } of left) console.error(`still running: ${pid} ${command}`);
  if (left.length > 0) return 1;
  // The logs stay where something went wrong.
  if (code !== 1) await clearHome(home);
  console.log("Everything that was started has been stopped.");
  return code;
}

/** Whether it shall end by itself; null, and a sentence, when something else was asked for. */
function readOnce(): boolean | null {
  try {
    return parseArgs({ options: { once: { type: "boolean", default: false } } }).values.once;
  } catch (error) {
    console.error(`npm start: ${error instanceof Error ? error.message : String(error)}`);
    console.error("it takes one option: npm start -- --once (ends by itself)");
    return null;
  }
}

async function main(): Promise<number> {
  const once = readOnce();
  if (once === null) return 2;
  const home = demoHome();
  const outcome = await asOnlyDemo(home, () => runDemo(home, once));
  if ("result" in outcome) return outcome.result;
  const { other } = outcome;
  console.log(
    other
      ? `A demo is already running (process ${other.pid}): the shop at ${other.service}, the control plane at ${other.server}.`
      : "A demo is already starting; look at the terminal it was started in.",
  );
  return 0;
}

const code = await main();
// A client that was interrupted still has timers.
process.stdout.write("", () => process.exit(code));
