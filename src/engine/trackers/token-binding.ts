import { TidelockError } from "../../model/errors.ts";
import { ServiceSecurity, type TrackerSettings } from "../../model/service-security.ts";
import { saidOfSecurity, secretSetAt } from "../../store/queries/service-security.ts";
import type { Db } from "../../store/schema.ts";

/**
 * A token goes to the address for which it was given: when the address changes, it is sent nowhere until somebody who
 * knows one has set it again. Where it was to go follows from the entries of the ledger, so that taking the tracker away in
 * between changes nothing.
 *
 * @throws TidelockError `forbidden`
 */
export async function requireTokenForAddress(
  db: Db,
  service: string,
  settings: TrackerSettings,
): Promise<void> {
  const { environment, secret } = settings.token;
  let since: Date | null = null;
  for (const { content, at } of await saidOfSecurity(db, service)) {
    const said = ServiceSecurity.safeParse(content).data?.tracker;
    if (said?.token.secret !== secret || said.token.environment !== environment) continue;
    if (addressOf(said) === addressOf(settings)) {
      since = at;
      continue;
    }
    const setAt = await secretSetAt(db, { service, environment, secret });
    if (since === null || setAt === null || setAt > since) return;
    throw new TidelockError(
      "forbidden",
      `the token ${environment}/${secret} was given for ${said.kind} at ${said.url} and is not sent to ${settings.kind} at ${settings.url}`,
      {
        fault: "operator",
        where: "tracker.url",
        hint: `set the new address's token: tidelock secret set ${secret} --service ${service} --environment ${environment}`,
      },
    );
  }
}

function addressOf({ kind, url }: TrackerSettings): string {
  return `${kind} ${new URL(url).href}`;
}
