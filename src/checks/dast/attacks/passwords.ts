import { likeness, lookAt } from "../compare.ts";
import type { Lab } from "../lab.ts";
import { Identity } from "../../probing/identity.ts";
import { keyOf } from "../../probing/operation.ts";
import { ok, passwordField } from "./access-words.ts";
import type { SiteAttack } from "./attack.ts";

/** Somebody's password, changed by somebody else: seen by signing in with it. */
export const passwordAccess: SiteAttack = {
  id: "object-access",
  run: async (lab) => {
    const [owner, other] = lab.identities.filter(({ role }) => role === "user");
    if (owner !== undefined && other !== undefined) await passwordOf(lab, owner, other);
  },
};

async function passwordOf(lab: Lab, owner: Identity, other: Identity): Promise<void> {
  for (const operation of lab.surface.operations) {
    const field = passwordField(operation);
    if (field === null || !["PUT", "PATCH", "POST"].includes(operation.method)) continue;
    if (/login|signin|register|signup/i.test(operation.template) || lab.prober.avoids(operation))
      continue;
    const who = operation.parameters.find(
      (one) => one !== field && /user|name|login|mail|account|(^|_)id$/i.test(one.name),
    );
    if (who === undefined) continue;
    const victim = await victimOf(lab, owner);
    const name = /mail/i.test(who.name) ? victim.email : victim.username;
    const change = async (password: string) =>
      lab.ask(
        operation,
        [
          { parameter: who, value: name },
          { parameter: field, value: password },
        ],
        other,
      );
    const before = victim.password;
    if ((await victim.signIn()) !== null) continue;
    const random = lab.random("password", keyOf(operation));
    const fresh = `Tl-${random.word(12)}-9`;
    const changed = await change(fresh);
    if (changed === null || !ok(changed.answer)) continue;
    lab.assertions += 1;
    victim.password = fresh;
    const taken = (await victim.signIn()) === null;
    if (!taken) {
      victim.password = before;
      await victim.signIn();
      await takeBack(other, fresh, change);
      continue;
    }
    const [old, right] = [
      await victim.tryLogin(victim.username, before),
      await victim.tryLogin(victim.username, fresh),
    ];
    const refused = old !== null && right !== null && likeness(lookAt(old), lookAt(right)) < 1;
    const restored = await change(before);
    victim.password = before;
    const back = restored !== null && (await victim.signIn()) === null;
    if (!refused) continue;
    lab.report(
      { operation, parameter: who, actor: other },
      {
        rule: "object-access",
        technique: "password",
        severity: 9.1,
        evidence: [
          `${other.name} set another user's password: that user is signed in with it, the old one is refused`,
          back ? "and set it back the same way, which worked too" : "setting it back did not work",
        ],
        replay: changed.request,
      },
    );
  }
}

/** A service may set the password of whoever asks, whatever the address says: then it is set back. */
async function takeBack(
  other: Identity,
  fresh: string,
  change: (password: string) => Promise<unknown>,
): Promise<void> {
  const own = other.password;
  if ((await other.signIn()) === null) return;
  other.password = fresh;
  if ((await other.signIn()) === null) await change(own);
  other.password = own;
  await other.signIn();
}

/** A new account where accounts can be made, so that nobody's is at risk. */
async function victimOf(lab: Lab, owner: Identity): Promise<Identity> {
  if (!owner.canRegister) return owner;
  const victim = new Identity(owner.configuration, lab.configuration.seed, lab.prober, "victim");
  if ((await victim.register()) !== null || (await victim.signIn()) !== null) return owner;
  return victim;
}
