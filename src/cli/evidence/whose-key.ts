import type { Client } from "../../api/client.ts";
import { TidelockError } from "../../model/errors.ts";

/** The person as whom this key counts here. */
export async function whoseKey(
  client: Client,
  key: string,
): Promise<{ readonly person: string; readonly name: string }> {
  const { items } = await client.call("personList", {});
  for (const { person, name, keys } of items) {
    if (keys.some(({ id, removedAt }) => id === key && removedAt === null)) {
      return { person, name: name ?? "erased" };
    }
  }
  throw new TidelockError("forbidden", "this key is nobody's here, so nothing it signs counts", {
    fault: "operator",
    where: key,
    hint: "enrol its public half: tidelock person add <name> --key <public key>",
  });
}
