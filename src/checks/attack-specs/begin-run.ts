import { randomBytes } from "node:crypto";
import type { CheckContext } from "../../ports/check.ts";
import { secretOf } from "../secret-values.ts";
import type { TargetAddress } from "../targets.ts";
import type { AttackSpecsConfiguration } from "./schema.ts";
import type { Person, Run } from "./world.ts";

/** Everything that all scenarios share; secrets become values here and nowhere else. */
export async function beginRun(
  context: CheckContext,
  configuration: AttackSpecsConfiguration,
  target: TargetAddress,
): Promise<Run> {
  const hidden = new Set<string>();
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(configuration.values)) {
    const text = await secretOf(context, value);
    if (typeof value !== "string") hidden.add(text);
    values.set(name, text);
  }
  const people = new Map<string, Person>();
  for (const { password, ...one } of configuration.identities) {
    // Made up anew for each run where `register` makes the account.
    const secret =
      password === undefined
        ? `Tl-${randomBytes(9).toString("base64url")}-7a`
        : await secretOf(context, password);
    hidden.add(secret);
    const username = one.username ?? `tl${randomBytes(5).toString("hex")}`;
    people.set(one.name, { ...one, username, password: secret });
  }
  return {
    context,
    configuration,
    target,
    values,
    people,
    hidden,
    seen: {
      requests: 0,
      assertions: 0,
      launches: 0,
      routes: new Set(),
      people: new Set(),
      registered: new Set(),
      programs: new Map(),
    },
  };
}
