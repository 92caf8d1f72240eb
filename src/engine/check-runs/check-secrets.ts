import { canonicalJson } from "../../model/canonical.ts";
import type { Configuration, SecretReference } from "../../model/configuration.ts";
import { TidelockError } from "../../model/errors.ts";
import type { CheckDemand } from "../../model/pipeline.ts";
import type { Lane } from "../../model/primitives.ts";
import { recordSecretRead } from "../slots/bindings.ts";
import type { Engine } from "../engine.ts";

/** Whose secret is asked for, and for which check of a promotion. */
export interface SecretAsked {
  readonly lane: Lane;
  readonly configuration: Configuration;
  readonly demand: Pick<CheckDemand, "name" | "phase">;
  readonly run: string;
}

/**
 * The value of a secret that a check's configuration names. A check may have what a colour under test is given
 * as an isolated secret, and what its owner calls shared; on the live colour the latter alone. So no check, and
 * whoever writes its demand, gets to a credential of the live side. On record before it is read.
 *
 * @throws TidelockError `forbidden`, `not-found`, `unsupported` (no such provider)
 */
export async function readCheckSecret(
  engine: Pick<Engine, "secrets" | "ledger" | "db">,
  { lane, configuration, demand, run }: SecretAsked,
  key: string,
): Promise<string> {
  const reference = granted(configuration, demand.phase, key);
  if (typeof reference === "string") throw refused(lane, key, reference);
  const provider = engine.secrets.get(reference.provider);
  if (!provider) {
    throw new TidelockError(
      "unsupported",
      `${key} names the secret provider ${reference.provider}, which this server does not have`,
      { fault: "operator", where: key },
    );
  }
  await recordSecretRead(engine, lane, {
    for: `the check ${demand.name} (${run}), as ${key}`,
    references: [reference],
  });
  return provider.resolve(lane, reference);
}

/** The reference, or why there is none. */
function granted(
  { secrets, isolated, shared = [] }: Configuration,
  phase: CheckDemand["phase"],
  key: string,
): SecretReference | string {
  if (phase === "static") return "a check that only reads files is given no secret";
  const live = Object.hasOwn(secrets, key) ? secrets[key] : undefined;
  if (live !== undefined && shared.includes(key)) return live;
  if (phase === "live") {
    return live === undefined
      ? "the configuration has no such secret"
      : "it is a secret of the live side, and not called shared";
  }
  const own = Object.hasOwn(isolated.secrets, key) ? isolated.secrets[key] : undefined;
  if (own === undefined) {
    return live === undefined
      ? "the configuration has no such secret"
      : "it is a secret of the live side, and a colour under test has none of its own in its place";
  }
  const used = Object.values(secrets).map(({ provider, name }) =>
    canonicalJson({ provider, name }),
  );
  return used.includes(canonicalJson({ provider: own.provider, name: own.name }))
    ? "what stands in its place for a colour under test is a secret of the live side"
    : own;
}

function refused({ service, environment }: Lane, key: string, why: string): TidelockError {
  return new TidelockError("forbidden", `the secret ${key} is not given to this check: ${why}`, {
    fault: "operator",
    where: `with: { secret: ${key} }`,
    hint: `tidelock config set --service ${service} --environment ${environment} --isolated-secret ${key}=<name of a secret>`,
  });
}
