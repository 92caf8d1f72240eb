import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { GateFacts } from "../../src/model/gate-facts.ts";
import { treeMediaType } from "../../src/model/release.ts";
import { Configuration } from "../../src/model/configuration.ts";
import { packTree } from "../../src/tree/pack-tree.ts";
import type { ControlPlane } from "../../src/ports/control-plane.ts";
import { ended, EngineBench, makeRelease, operator, type Worker } from "./engine-bench.ts";

/** A bench whose releases have real trees, and short words for what tests of gates do. */
export class GateStory {
  readonly bench: EngineBench;
  readonly worker: Worker;
  readonly plane: ControlPlane;
  readonly #folder: string;

  private constructor(bench: EngineBench, folder: string) {
    this.bench = bench;
    this.#folder = folder;
    bench.content.path = async (digest) => join(folder, digest.slice(7));
    this.worker = bench.worker();
    this.plane = this.worker.controlPlane;
  }

  static async begin(prepare: (bench: EngineBench) => void = () => undefined): Promise<GateStory> {
    const bench = await EngineBench.create();
    prepare(bench);
    const story = new GateStory(bench, await mkdtemp(join(tmpdir(), "tidelock-gate-")));
    await story.worker.engine.log.open("1.0.0");
    return story;
  }

  async end(): Promise<void> {
    await this.bench.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A release whose tree has these files, and links. */
  async release(
    version: string,
    files: Readonly<Record<string, string>>,
    links: Readonly<Record<string, string>> = {},
    name = "tree",
  ): Promise<string> {
    const root = join(this.#folder, `tree-${version}`);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    for (const [path, target] of Object.entries(links)) await symlink(target, join(root, path));
    const bytes = await buffer(packTree(root));
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    this.bench.content.blobs.set(digest, bytes);
    await writeFile(join(this.#folder, digest.slice(7)), bytes);
    const artifact = { name, digest, size: bytes.length, mediaType: treeMediaType };
    const made = makeRelease(this.bench, version, { artifacts: [artifact] });
    return (await this.plane.createRelease({ id: "builder" }, made)).id;
  }

  async configure(environment: string, values: Readonly<Record<string, string>>): Promise<void> {
    const of = { kind: "Configuration", formatVersion: 1, service: "shop", environment };
    await this.plane.applyConfiguration(operator, Configuration.parse({ ...of, values }));
  }

  /** Taken in as what a stranger sends: it counts against, and for nothing. */
  async report(release: string, environment: string, files: readonly string[]): Promise<void> {
    const results = files.map((uri) => ({
      ruleId: "sqli",
      level: "error",
      message: { text: "input reaches a query" },
      locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: 3 } } }],
    }));
    const runs = [{ tool: { driver: { name: "scanner", version: "1" } }, results }];
    const report = Buffer.from(JSON.stringify({ version: "2.1.0", runs }));
    await this.plane.findings.importReport(
      operator,
      "shop",
      { release, environment } as never,
      (async function* () {
        yield report;
      })(),
    );
  }

  async promote(release: string, environment: string) {
    const { id } = await this.plane.promote(operator, { service: "shop", release, environment });
    return ended(this.plane, id);
  }

  /** What the newest decision at a gate was made over. */
  async lastFacts(): Promise<GateFacts> {
    const { rows } = await this.bench.database.pool.query<{ content: string }>(
      `select i.content from decisions d join decision_inputs i on i.digest = d.decision ->> 'inputs'
       order by d.at desc`,
    );
    const inputs = rows.map(({ content }) => JSON.parse(content) as { facts?: unknown });
    return GateFacts.parse(inputs.find(({ facts }) => facts !== undefined)?.facts);
  }
}
