import { Client } from "../api/client.ts";
import { localServers, machineKeyOf } from "../compose-local.ts";
import { TidelockError } from "../model/errors.ts";
import type { CommandContext } from "./context.ts";
import type { ConnectionFlags } from "./settings.ts";
import { clean } from "./terminal.ts";

/**
 * Asks as whoever is signed in. Where nobody is, and the server runs here on a data directory that we may read, as its owner:
 * they could end the processes anyway, and the ledger says that it was done from the machine.
 *
 * @throws TidelockError what the call throws; `unauthenticated` elsewhere
 */
export async function signedInOrOwner<T>(
  context: CommandContext,
  flags: ConnectionFlags,
  call: (client: Client) => Promise<T>,
): Promise<T> {
  try {
    return await call(context.connect(flags));
  } catch (error) {
    if (!(error instanceof TidelockError) || error.code !== "unauthenticated") throw error;
    const owner = ownerClient(context, flags);
    if (owner === null) throw error;
    const { dataDir } = context.settings(flags);
    context.terminal.note(
      `nobody is signed in: done as the owner of ${clean(dataDir.value)}, from this machine; the ledger says so`,
    );
    return call(owner);
  }
}

function ownerClient(context: CommandContext, flags: ConnectionFlags): Client | null {
  const { url, dataDir } = context.settings(flags);
  const server = localServers(dataDir.value).find((one) => one.url === url?.value);
  const token = server === undefined ? null : machineKeyOf(dataDir.value, server);
  if (server === undefined || token === null) return null;
  return new Client({ url: server.url, token, signal: context.signal });
}
