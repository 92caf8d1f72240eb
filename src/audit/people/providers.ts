import type { ProviderRecord } from "../../identity/enrolment/provider-words.ts";
import type { LogEntry } from "../log-entry.ts";
import { IdentityLinked, ProviderVouches, Vouched } from "../payloads-people.ts";

type Said = Pick<ProviderRecord, "words" | "identities" | "settings">;

/** Words of providers by the log, and the links and settings that stand at this place of it. */
export function providersIn(before: readonly LogEntry[]): Said {
  const words: Said["words"][number][] = [];
  const identities = new Map<string, Said["identities"][number]>();
  const held = new Map<string, string[]>();
  const settings = new Map<string, Said["settings"][number]>();
  for (const { leaf, payload } of before) {
    const { kind, actor } = leaf;
    if (kind === "person.vouched") {
      const word = Vouched.safeParse(payload).data;
      if (!word?.issuer || !word.facts) continue;
      words.push({ person: word.person, issuer: word.issuer, acts: word.acts, facts: word.facts });
    } else if (kind.startsWith("identity.")) {
      const link = IdentityLinked.safeParse(payload).data;
      if (link?.removed) identities.delete(link.id);
      else if (link) {
        const name = link.identity ?? link.id;
        const before = [...(held.get(name) ?? []), link.person];
        held.set(name, before);
        const byProvider = actor === "tidelock";
        identities.set(link.id, { ...link, byProvider, held: before });
      }
    } else if (kind.startsWith("provider.")) {
      const said = ProviderVouches.safeParse(payload).data;
      if (said?.removed) settings.delete(said.id);
      else if (said) {
        settings.set(said.id, { ...said, issuer: said.person.slice("provider:".length) });
      }
    }
  }
  return { words, identities: [...identities.values()], settings: [...settings.values()] };
}
