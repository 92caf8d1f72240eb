import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** One of the vulnerable programs, running on a free loopback port. */
export interface RunningApp extends AsyncDisposable {
  readonly origin: string;
}

/** Where the programs lie: their repositories as they are, and a Python with what they need. */
export const labFolder = process.env["TIDELOCK_DAST_LAB"] ?? "/opt/dast-lab";

export const preparation = `The two programs are not part of this repository. In ${labFolder} (or TIDELOCK_DAST_LAB):
  git clone of stamparm/DSVW as dsvw, of erev0s/VAmPI as vampi; python3 -m venv venv;
  venv/bin/pip install -r vampi/requirements.txt 'werkzeug<2.3' 'lxml<5'; and wapiti in PATH (apt-get install wapiti)`;

export function isPrepared(): boolean {
  return ["dsvw/dsvw.py", "vampi/config.py", "venv/bin/python"].every((file) =>
    existsSync(join(labFolder, file)),
  );
}

const python = () => join(labFolder, "venv/bin/python");

/** DSVW listens where a constant of it says; the constant is changed before its own start. */
const dsvwStart = `import sys; sys.path.insert(0, "."); import dsvw; dsvw.init(); dsvw.ThreadingServer(("127.0.0.1", int(sys.argv[1])), dsvw.ReqHandler).serve_forever()`;
const vampiStart = `import sys; sys.path.insert(0, "."); from config import vuln_app; vuln_app.run(host="127.0.0.1", port=int(sys.argv[1]), debug=True, use_reloader=False)`;

export async function startDsvw(): Promise<RunningApp> {
  return start(dsvwStart, "dsvw", {}, "/");
}

/** @param vulnerable its own switch: without it it claims to have (nearly) no flaw */
export async function startVampi(vulnerable: boolean): Promise<RunningApp> {
  const variables = { vulnerable: vulnerable ? "1" : "0", tokentimetolive: "3600" };
  return start(vampiStart, "vampi", variables, "/createdb");
}

async function start(
  program: string,
  folder: string,
  variables: Record<string, string>,
  ready: string,
): Promise<RunningApp> {
  const port = await freePort();
  const child = spawn(python(), ["-c", program, `${port}`], {
    cwd: join(labFolder, folder),
    stdio: "ignore",
    env: { PATH: process.env["PATH"], ...variables },
  });
  const origin = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(origin + ready).catch(() => null);
    if (answer?.ok === true) break;
    if (tries > 200 || child.exitCode !== null) throw new Error(`${folder} does not start`);
    await sleep(100);
  }
  return {
    origin,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => {
        child.once("exit", resolve);
      });
      child.kill("SIGKILL");
      await ended;
    },
  };
}

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
