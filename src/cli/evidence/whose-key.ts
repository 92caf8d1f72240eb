import type { Client } from "../../api/client.ts";
import type { PersonView } from "../../api/routes/manual.ts";
import { TidelockError } from "../../model/errors.ts";

/**
 * The person as whom this key counts here. Of one's own keys everybody is told; whose another one is, only those who
 * may see people.
 */
export async function whoseKey(
  client: Client,
  key: string,
): Promise<{ readonly person: string; readonly name: string }> {
  const { items: own } = await client.call("personOwn", {});
  const found = holderOf(own, key) ?? holderOf(await others(client), key);
  if (found) return { person: found.person, name: found.name ?? "erased" };
  const [self] = own;
  const message = self
    ? `this key is not one of yours (${self.name ?? self.person}) here, so nothing it signs counts`
    : "this key is nobody's here, so nothing it signs counts";
  throw new TidelockError("forbidden", message, {
    fault: "operator",
    where: key,
    hint: `an administrator enrols its public half: tidelock person add ${self?.name ?? "<name>"} --key <public key> (made by: openssl pkey -in key.pem -pubout -out key.pub)`,
  });
}

function holderOf(people: readonly PersonView[], key: string): PersonView | undefined {
  return people.find(({ keys }) =>
    keys.some(({ id, removedAt }) => id === key && removedAt === null),
  );
}

async function others(client: Client): Promise<readonly PersonView[]> {
  try {
    return (await client.call("personList", {})).items;
  } catch (error) {
    if (error instanceof TidelockError && error.code === "forbidden") return [];
    throw error;
  }
}
