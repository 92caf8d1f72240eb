import type { Digest } from "../../model/primitives.ts";
import { artifactsInUse } from "../../store/queries/catalogue.ts";
import type { Engine } from "../engine.ts";

/**
 * Takes unpacked releases off the machine that nothing here needs any more: not live, not ready to take the
 * traffic back, in no open promotion. The agent keeps what its own slots and checks use whatever we say, so
 * a database that is older than the machine takes nothing away from a running service; and whatever was
 * taken is unpacked again, verified, from its blob when it is wanted.
 */
export async function collectTrees(engine: Engine): Promise<void> {
  const keep: readonly Digest[] = await artifactsInUse(engine.db);
  const { removed } = await engine.agent.call("artifact.collect", { keep: [...keep] });
  if (removed > 0)
    engine.notice(
      `removed ${removed} unpacked ${removed === 1 ? "release" : "releases"} that nothing needs`,
    );
}
