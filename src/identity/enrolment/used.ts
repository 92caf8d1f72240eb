import type { Enrolment } from "../approval/given.ts";
import type { Sponsorship } from "./sponsors.ts";

/**
 * What of all that made an identity matters for one signature: not the keys that did not sign it, and of the rights the
 * one with the fewest questions, because one is enough. Pure, so that an auditor gets the same out of the log.
 *
 * @param key id of the one that signed; empty: none has yet
 * @param grants ids of the rights under which it counts
 */
export function enrolmentsUsed(
  all: readonly Sponsorship[],
  key: string,
  grants: readonly string[],
): readonly Sponsorship[] {
  const operations = new Set(grants.map((id) => `grant/${id}/1`));
  const rights = all.filter(({ act }) => operations.has(act.operation));
  const questions = ({ by, proven, vouched }: Sponsorship) =>
    vouched.length > 0 ? 0 : 1 + by.length + (proven ? 0 : 1_000);
  const [right] = [...rights].sort((a, b) => questions(a) - questions(b));
  return all.filter((one) => {
    const { kind, operation } = one.act;
    if (kind === "grant.added") return one === right;
    return kind !== "person.key-added" || operation === `person-key/${key}/1`;
  });
}

/** As it is kept with what leans on it. */
export function enrolmentOf({ act, by, proven, vouched, behind }: Sponsorship): Enrolment {
  const word = vouched.length === 0 ? {} : { behind };
  return { what: act.what, by: [...by], proven, vouched: [...vouched], ...word };
}
