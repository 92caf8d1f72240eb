import { execFile } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { Client } from "../../api/client.ts";
import { hasEnded, localServers } from "../../compose-local.ts";
import { freePort } from "./free-port.ts";
import { labsFolder, labText, portsIn, withPorts } from "./definition.ts";

const prefix = "tidelock-lab-";
/** Beside us, in the form that we run in. */
const program = fileURLToPath(new URL(`../main${extname(import.meta.url)}`, import.meta.url));
/** A promotion of a lab takes seconds; one that hangs is a failure of the lab. Milliseconds. */
const commandTimeout = 300_000;

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A lab's own world: a folder with a copy of the service, a data directory, and a server on it. */
export class LabHome {
  readonly folder: string;
  readonly lab: string;
  readonly ports: ReadonlyMap<number, number>;

  private constructor(folder: string, lab: string, ports: ReadonlyMap<number, number>) {
    this.folder = folder;
    this.lab = lab;
    this.ports = ports;
  }

  static async make(lab: string): Promise<LabHome> {
    const folder = mkdtempSync(join(tmpdir(), `${prefix}${lab}-`));
    // Services run as users of their own, who have to pass.
    chmodSync(folder, 0o755);
    const texts = [labText(lab), ...textsBelow(join(labsFolder(), lab))];
    const ports = new Map<number, number>();
    for (const wanted of texts.flatMap((text) => portsIn(text))) {
      if (!ports.has(wanted)) ports.set(wanted, await freePort(wanted));
    }
    const home = new LabHome(folder, lab, ports);
    home.lay("service");
    writeFileSync(home.record, JSON.stringify({ lab, ports: [...ports] }));
    return home;
  }

  /** The newest one that was kept; null when none is. */
  static kept(lab: string): LabHome | null {
    const Record = z.object({ lab: z.string(), ports: z.array(z.tuple([z.int(), z.int()])) });
    const folders = readdirSync(tmpdir())
      .filter((name) => name.startsWith(`${prefix}${lab}-`))
      .map((name) => join(tmpdir(), name))
      .filter((folder) => existsSync(join(folder, "lab.json")))
      .filter((folder) => statSync(folder).uid === process.getuid?.())
      .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
    for (const folder of folders) {
      const read = Record.safeParse(JSON.parse(readFileSync(join(folder, "lab.json"), "utf8")));
      if (read.data?.lab === lab) return new LabHome(folder, lab, new Map(read.data.ports));
    }
    return null;
  }

  /** The lab as it came with the program. */
  get source(): string {
    return join(labsFolder(), this.lab);
  }

  /** What tells later commands that this lab is there; without it, its mail server ends. */
  get record(): string {
    return join(this.folder, "lab.json");
  }

  get service(): string {
    return join(this.folder, "service");
  }

  get data(): string {
    return join(this.folder, "data");
  }

  /** Lays a folder of the lab over the service, with the ports that it has here. */
  lay(name: string): void {
    cpSync(join(labsFolder(), this.lab, name), this.service, { recursive: true });
    const file = join(this.service, "tidelock.yaml");
    writeFileSync(file, withPorts(readFileSync(file, "utf8"), this.ports));
  }

  async start(): Promise<void> {
    const { code, stderr } = await this.tidelock(["server", "start", "--detach", "--port", "0"]);
    if (code !== 0) throw new Error(`the lab's server did not start: ${stderr.trim()}`);
  }

  client(): Client {
    const servers = join(this.data, "server");
    const token = readFileSync(join(servers, "token"), "utf8").trim();
    return new Client({ url: this.#url(), token });
  }

  /** Runs a command as a user would, with nothing of this user's own settings. */
  tidelock(words: readonly string[], stdin = ""): Promise<Ended> {
    const kept = Object.entries(process.env).filter(
      ([name]) => !name.startsWith("TIDELOCK_") && name !== "DATABASE_URL",
    );
    const env = {
      ...Object.fromEntries(kept),
      TIDELOCK_DATA_DIR: this.data,
      TIDELOCK_CONFIG: join(this.folder, "config.json"),
    };
    const filled = words.map((word) => withPorts(word, this.ports));
    return new Promise((resolve) => {
      const options = {
        cwd: this.service,
        env,
        timeout: commandTimeout,
        maxBuffer: 64 * 1024 * 1024,
      };
      const child = execFile(
        process.execPath,
        [program, ...filled],
        options,
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
          resolve({ code, stdout, stderr });
        },
      );
      child.stdin?.on("error", () => undefined).end(stdin);
    });
  }

  /** Ends everything that runs here and removes the folder. */
  async clear(): Promise<void> {
    if (existsSync(join(this.data, "layout.json"))) {
      // Once for each server: whoever plays may have started another one.
      for (let left = 5; left > 0; left -= 1) {
        const { code, stderr } = await this.tidelock(["down", "--yes"]);
        if (code !== 0) throw new Error(`what runs in ${this.data} did not end: ${stderr.trim()}`);
        if (localServers(this.data).every((server) => hasEnded(server))) break;
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #url(): string {
    const folder = join(this.data, "server", "servers");
    for (const name of readdirSync(folder)) {
      const read = z
        .object({ url: z.string() })
        .safeParse(JSON.parse(readFileSync(join(folder, name), "utf8")));
      if (read.success) return read.data.url;
    }
    throw new Error("the lab's server is not running");
  }
}

/** Only files that hold ports: what a service reads is YAML. */
function textsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === "tidelock.yaml")
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
}
