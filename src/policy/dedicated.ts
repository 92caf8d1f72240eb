import type { CheckDemand, Environment } from "../model/pipeline.ts";
import type { Check } from "../ports/check.ts";

type Kind = Pick<Check, "purpose" | "scans">;

/** Whether a demanded check serves security: by its adapter, or by the demand's word where the adapter can be anything. */
export function servesSecurity(
  demand: Pick<CheckDemand, "purpose">,
  kind: Kind | undefined,
): boolean {
  if (kind === undefined) return false;
  if (kind.purpose === "security" || (kind.scans ?? []).length > 0) return true;
  return kind.purpose === "told" && demand.purpose === "security";
}

/**
 * Why a job is not one for an environment that its owners have dedicated: a promotion there tests for that purpose and
 * for nothing else. Null when it is one, or when the environment is everybody's.
 */
export function dedicationProblem(
  environment: Environment,
  service: string,
  checks: readonly CheckDemand[],
  kinds: ReadonlyMap<string, Kind>,
): { readonly message: string; readonly hint: string } | null {
  const { dedicated } = environment.spec;
  if (dedicated === undefined) return null;
  const { name } = environment.metadata;
  const own = `${name} is dedicated to ${dedicated}`;
  if (checks.length === 0) {
    return {
      message: `${own}, and ${service} demands no check there: that is another job`,
      hint: `demand a check that serves ${dedicated}, or promote into another environment`,
    };
  }
  const other = checks.find((check) => !servesSecurity(check, kinds.get(check.uses)));
  if (other === undefined) return null;
  const told = kinds.get(other.uses)?.purpose === "told";
  return {
    message: `${own}, and check ${other.name} (${other.uses}) of ${service} is another job`,
    hint: told
      ? `when it does serve ${dedicated}, write \`purpose: ${dedicated}\` beside it; else demand it in another environment`
      : "demand it in another environment",
  };
}
