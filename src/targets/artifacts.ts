import { TidelockError } from "../model/errors.ts";
import type { HostAgent, SlotSpec } from "../ports/host-agent.ts";

/** Has the agent unpack and verify every artifact of a release that is going to run there. */
export async function ensureArtifacts(
  agent: HostAgent,
  spec: SlotSpec,
  artifactPaths: ReadonlyMap<string, string>,
): Promise<void> {
  for (const { digest, size } of spec.artifacts) {
    const path = artifactPaths.get(digest);
    if (path === undefined) {
      throw new TidelockError("internal", `no path was given for the artifact ${digest}`, {
        where: digest,
        fault: "bug",
      });
    }
    await agent.call("artifact.ensure", { digest, size, path });
  }
}
