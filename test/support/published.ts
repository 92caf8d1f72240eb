import { createHash } from "node:crypto";
import type { AdvisorySource, PackageFlaw } from "../../src/ports/advisory-source.ts";
import type { Digest } from "../../src/model/primitives.ts";
import { indexSbom } from "../../src/engine/contradictions/components.ts";
import type { Db } from "../../src/store/schema.ts";
import type { EngineBench } from "./engine-bench.ts";

/** A flaw of every version of a package but the repaired one. */
export interface Published {
  readonly advisory: string;
  readonly name: string;
  readonly score: number | null;
  readonly fixedIn?: string;
  readonly aliases?: readonly string[];
}

/** Advisories as a test publishes them, instead of those that lie on a machine. */
export class PublishedAdvisories implements AdvisorySource {
  #all: readonly Published[] = [];
  #edition: { digest: string; importedAt: string } | null = null;

  publish(all: readonly Published[], at = new Date()): void {
    this.#all = all;
    const digest = `sha256:${createHash("sha256")
      .update(JSON.stringify([all, at]))
      .digest("hex")}`;
    this.#edition = { digest, importedAt: at.toISOString() };
  }

  edition: AdvisorySource["edition"] = async () => this.#edition;

  flawsOf: AdvisorySource["flawsOf"] = async (_, __, packages) =>
    packages.flatMap((one) =>
      this.#all
        .filter(({ name, fixedIn }) => name === one.name && fixedIn !== one.version)
        .map(({ advisory, score, fixedIn = null, aliases = [] }): PackageFlaw => ({
          package: one,
          advisory,
          aliases,
          score,
          fixedIn,
        })),
    );
}

/** A check that reads files and looks for flaws of dependencies; its verdicts are those of the staged one. */
export function looksForFlaws(bench: EngineBench, id = "files"): PublishedAdvisories {
  const advisories = new PublishedAdvisories();
  bench.extra.set(id, {
    ...bench.staged.check,
    id,
    touch: "files",
    scans: ["dependencies"],
    advisories,
  });
  return advisories;
}

/** As a release's SBOM lists them: `name@version` of npm. */
export async function madeOf(db: Db, release: Digest, packages: readonly string[]): Promise<void> {
  const components = packages.map((one) => {
    const at = one.lastIndexOf("@");
    const [name, version] = [one.slice(0, at), one.slice(at + 1)];
    return { type: "library", name, version, purl: `pkg:npm/${name}@${version}` };
  });
  const bytes = Buffer.from(
    JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.6", version: 1, components }),
  );
  const digest: Digest = `sha256:${createHash("sha256").update(release).update(bytes).digest("hex")}`;
  await db.transaction().execute((tx) => indexSbom(tx, release, digest, bytes));
}
