import { setImmediate } from "node:timers/promises";
import { advisoryShard, packageKey } from "../../model/advisory.ts";
import type { AdvisorySource, PackageFlaw, PackageVersion } from "../../ports/advisory-source.ts";
import { TidelockError } from "../../model/errors.ts";
import { matchesOf } from "./match.ts";
import { AdvisoryReader, currentSnapshot } from "./snapshot.ts";

/** The imported advisories, for whoever knows what releases are made of. */
export const advisorySource: AdvisorySource = {
  async edition(checkData) {
    const snapshot = currentSnapshot(checkData);
    return snapshot && { digest: snapshot.digest, importedAt: snapshot.importedAt };
  },
  async flawsOf(checkData, edition, packages) {
    const found: PackageFlaw[] = [];
    // One shard after the other, each with a reader of its own: all of them at once would fill the memory.
    for (const [, those] of Map.groupBy(packages, shardOf)) {
      const snapshot = currentSnapshot(checkData);
      if (snapshot?.digest !== edition) throw replaced();
      const reader = new AdvisoryReader(checkData, snapshot);
      for (const one of those) {
        const advisories = await reader.of(one.ecosystem, one.name);
        for (const { advisory, affected } of matchesOf(advisories, one.version)) {
          const { id, aliases, score } = advisory;
          const { fixedIn } = affected;
          found.push({ package: one, advisory: id, aliases, score, fixedIn });
        }
      }
      await setImmediate();
    }
    return found;
  },
};

function shardOf({ ecosystem, name }: PackageVersion): string {
  return advisoryShard(ecosystem, packageKey(ecosystem, name));
}

function replaced(): TidelockError {
  return new TidelockError("unavailable", "the advisories were replaced while they were read", {
    retryable: true,
    where: "check-data/advisories",
    hint: "nothing to do: they are read again",
  });
}
