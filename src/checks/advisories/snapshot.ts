import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import { Advisory, advisoryShard, AdvisorySnapshot, packageKey } from "../../model/advisory.ts";

/** The advisories that were imported on this machine; null when none were. */
export function currentSnapshot(checkData: string): AdvisorySnapshot | null {
  const file = join(checkData, "advisories", "current.json");
  if (!existsSync(file)) return null;
  return AdvisorySnapshot.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** Advisories by package, read from the shards that the packages need. */
export class AdvisoryReader {
  readonly #folder: string;
  readonly #shards = new Map<string, Promise<ReadonlyMap<string, readonly Advisory[]>>>();

  constructor(checkData: string, snapshot: AdvisorySnapshot) {
    this.#folder = join(checkData, "advisories", snapshot.digest.slice("sha256:".length));
    this.#requireFolder();
  }

  async of(ecosystem: string, name: string): Promise<readonly Advisory[]> {
    const key = packageKey(ecosystem, name);
    const found = await this.#under(ecosystem, key);
    // Editions of before some names were folded have them as their publishers wrote them.
    return key === name ? found : [...found, ...(await this.#under(ecosystem, name))];
  }

  async #under(ecosystem: string, key: string): Promise<readonly Advisory[]> {
    const shard = advisoryShard(ecosystem, key);
    const known = this.#shards.get(shard) ?? this.#read(shard);
    this.#shards.set(shard, known);
    return (await known).get(`${ecosystem}\0${key}`) ?? [];
  }

  async #read(shard: string): Promise<ReadonlyMap<string, readonly Advisory[]>> {
    const file = join(this.#folder, `${shard}.jsonl`);
    const found = new Map<string, Advisory[]>();
    if (!existsSync(file)) {
      // No advisory begins like this, or an import has just put newer ones in place of all of them.
      this.#requireFolder();
      return found;
    }
    for (const line of (await readFile(file, "utf8")).split("\n")) {
      if (line === "") continue;
      const advisory = Advisory.parse(JSON.parse(line));
      const key = `${advisory.ecosystem}\0${advisory.name}`;
      const list = found.get(key);
      if (list) list.push(advisory);
      else found.set(key, [advisory]);
    }
    return found;
  }

  #requireFolder(): void {
    if (existsSync(this.#folder)) return;
    throw new TidelockError("unavailable", "the advisories were replaced while they were read", {
      retryable: true,
      where: this.#folder,
      hint: "run the check again; if it says this again, import them again: tidelock advisories import",
    });
  }
}
