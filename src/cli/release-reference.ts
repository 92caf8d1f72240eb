import { TidelockError } from "../model/errors.ts";
import type { CommandContext } from "./context.ts";
import type { ConnectionFlags } from "./settings.ts";

/** `shop@1.4.2`, or `1.4.2` where the service is clear; the release may also be an id or a prefix of one. */
export async function releaseReference(
  context: CommandContext,
  text: string,
  flags: ConnectionFlags,
): Promise<{ service: string; release: string }> {
  const at = text.indexOf("@");
  const release = text.slice(at + 1);
  if (release === "" || release.includes("@")) {
    throw new TidelockError("invalid-input", `${text} is not a release`, {
      fault: "operator",
      hint: "write it like shop@1.4.2; `tidelock release list` shows what there is",
    });
  }
  const service = await context.service(at === -1 ? undefined : text.slice(0, at), flags);
  return { service: service.value, release };
}
