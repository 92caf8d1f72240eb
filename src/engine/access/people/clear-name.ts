import { isShared } from "../../../identity/lineage.ts";
import { whyNoNewName } from "../../../identity/person-name.ts";
import { TidelockError } from "../../../model/errors.ts";
import { personByName } from "../../../store/queries/people.ts";
import type { Db } from "../../../store/schema.ts";

/**
 * Nobody comes by a name that readers take for somebody else's. Who is here by one already stays.
 *
 * @throws TidelockError `conflict`
 */
export async function requireClearName(db: Db, name: string): Promise<void> {
  const why = await whyUnclear(db, name);
  if (why === null) return;
  throw new TidelockError("conflict", `${name} cannot be a person's name here: ${why}`, {
    fault: "operator",
    where: "name",
    hint: "use an address of your own, in one alphabet",
  });
}

export async function whyUnclear(db: Db, name: string): Promise<string | null> {
  if (isShared(name)) return whyNoNewName(name, []);
  if (await personByName(db, name)) return null;
  const rows = await db
    .selectFrom("ledger_people")
    .select("person")
    .where("person", "is not", null)
    .execute();
  return whyNoNewName(
    name,
    rows.flatMap(({ person }) => person ?? []),
  );
}
