import { likeness, lookAt } from "../compare.ts";
import type { Identity } from "../../probing/identity.ts";
import type { Operation, RawRequest } from "../../probing/operation.ts";
import type { SiteAttack } from "./attack.ts";

/** The operation that a login is, so that findings have a place. */
function loginOf(identity: Identity): { operation: Operation; replay: RawRequest } | null {
  const login = identity.loginConfiguration;
  if (login.kind !== "json" && login.kind !== "form") return null;
  const path = login.kind === "json" ? login.path : login.page;
  const method = login.kind === "json" ? login.method : "POST";
  const body = login.kind === "json" ? "json" : "form";
  const fields = login.kind === "json" ? login.body : login.fields;
  return {
    operation: { method, template: path, parameters: [], body, source: "form", secured: null },
    replay: { method, path, headers: {}, body: JSON.stringify(fields) },
  };
}

/** Whether the answer to a wrong password depends on the user's being there. */
export const enumeration: SiteAttack = {
  id: "user-enumeration",
  run: async (lab) => {
    const identity = lab.identities.at(-1);
    const login = identity === undefined ? null : loginOf(identity);
    if (identity === undefined || login === null) return;
    const random = lab.random("enumeration");
    const says: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const nobody = `tl${random.word(10)}`;
      const [known, unknown] = [
        await lookOf(identity, identity.username, `${random.word(8)}Q9`),
        await lookOf(identity, nobody, `${random.word(8)}Q9`),
      ];
      const [knownAgain, unknownAgain] = [
        await lookOf(identity, identity.username, `${random.word(8)}Q9`),
        await lookOf(identity, `tl${random.word(10)}`, `${random.word(8)}Q9`),
      ];
      if (known === null || unknown === null || knownAgain === null || unknownAgain === null)
        return;
      const stable = likeness(known, knownAgain) === 1 && likeness(unknown, unknownAgain) === 1;
      if (!stable || likeness(known, unknown) === 1 || known.status === 429) return;
      says.push(
        round === 0
          ? "a wrong password is answered otherwise for a user who is there"
          : "and so with other names and passwords",
      );
    }
    lab.assertions += 1;
    lab.report(
      { operation: login.operation, actor: null },
      {
        rule: "user-enumeration",
        technique: "answer",
        evidence: [says[0] ?? "", says[1] ?? ""],
        replay: login.replay,
      },
    );
  },
};

async function lookOf(identity: Identity, username: string, password: string) {
  const answer = await identity.tryLogin(username, password);
  return answer === null ? null : lookAt(answer, [username, password]);
}

/** Wrong passwords in a row, a bounded number; then whether the right one still works at once. */
export const rateLimit: SiteAttack = {
  id: "missing-rate-limit",
  run: async (lab) => {
    const identity = lab.identities.at(-1);
    const login = identity === undefined ? null : loginOf(identity);
    if (identity === undefined || login === null) return;
    const random = lab.random("rate-limit");
    const tries = lab.configuration.limits.wrongPasswords;
    const began = performance.now();
    let first: ReturnType<typeof lookAt> | null = null;
    let latency = 0;
    for (let count = 0; count < tries; count += 1) {
      const password = `${random.word(8)}Q9`;
      const answer = await identity.tryLogin(identity.username, password);
      if (answer === null || answer.status === 429 || answer.headers["retry-after"] !== undefined)
        return;
      const look = lookAt(answer, [identity.username, password]);
      first ??= look;
      if (count === 0) latency = answer.latencyMs;
      // Any change, or a growing pause, is a brake.
      if (likeness(first, look) < 1) return;
      if (answer.latencyMs > latency + 900) return;
    }
    const seconds = (performance.now() - began) / 1_000;
    const right = await identity.tryLogin(identity.username, identity.password);
    if (right === null || first === null || likeness(lookAt(right), first) === 1) return;
    if ((await identity.signIn()) !== null) return;
    lab.assertions += 1;
    lab.report(
      { operation: login.operation, actor: null },
      {
        rule: "missing-rate-limit",
        technique: "burst",
        evidence: [
          `${tries} wrong passwords in ${seconds.toFixed(1)} s were all answered alike`,
          "and the right one was taken at once after them",
        ],
        replay: login.replay,
      },
    );
  },
};
