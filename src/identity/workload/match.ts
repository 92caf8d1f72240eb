import type { WorkloadIdentity, WorkloadRule } from "../../model/workload.ts";
import { marks, plainClaims, platforms } from "./platforms.ts";

/**
 * Why a token is not one of a rule's: a sentence for each claim that differs, none for one of its. They name what the
 * rule wants, and are for whoever keeps it; a stranger hears only that no rule lets them in.
 */
export function differences(
  rule: WorkloadRule,
  token: Readonly<Record<string, unknown>>,
): readonly string[] {
  const why: string[] = [];
  if (token["iss"] !== rule.issuer) why.push(`iss is not ${rule.issuer}`);
  const audience = soleAudience(token["aud"]);
  if (audience === null) why.push("aud names more than one: it counts for others too");
  else if (audience !== rule.audience) why.push(`aud is not ${rule.audience}`);

  const own = Object.entries(marks).find(([, mark]) => Object.hasOwn(token, mark));
  if (rule.platform === "generic" && own) {
    why.push(`it is a token of ${own[0]}, whose ids the rule leaves out: --platform ${own[0]}`);
  }
  const facts = platforms[rule.platform];
  const claims = plainClaims(rule.platform, token);
  for (const [claim, values] of Object.entries(rule.claims)) {
    const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    if (value === undefined) why.push(`it does not say ${claim}`);
    else if (!values.some((one) => isOne(value, one, facts.byBeginning.includes(claim)))) {
      why.push(`${claim} is not ${values.join(" or ")}`);
    }
  }
  const { started } = facts;
  if (started !== null && !Object.hasOwn(rule.claims, started.by)) {
    const by = claims[started.by] ?? "nothing that it says";
    if (!started.usual.includes(by)) {
      why.push(`it was started by ${by}: a rule has to name that (${started.by})`);
    }
  }
  return why;
}

function isOne(value: string, wanted: string, byBeginning: boolean): boolean {
  if (value === wanted) return true;
  return byBeginning && wanted.endsWith("@*") && value.startsWith(wanted.slice(0, -1));
}

/** The one audience of a token; null: none, or several, each of whom could use it here. */
export function soleAudience(value: unknown): string | null {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  const [only] = all;
  return all.length === 1 && typeof only === "string" ? only : null;
}

/** Whose a token is, as records keep it: ids, the run, and nobody's name. */
export function identityOf(
  rule: Pick<WorkloadRule, "platform" | "issuer" | "claims">,
  token: Readonly<Record<string, unknown>>,
): WorkloadIdentity {
  const facts = platforms[rule.platform];
  const claims = plainClaims(rule.platform, token);
  const pick = (names: Iterable<string>) =>
    Object.fromEntries(
      [...new Set(names)].flatMap((name) => {
        const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
  const ids = pick(facts.immutable);
  const others = [...facts.kept, ...Object.keys(rule.claims)];
  return {
    platform: rule.platform,
    issuer: rule.issuer,
    subject: claims["sub"] ?? "",
    ids,
    claims: pick(others.filter((name) => !Object.hasOwn(ids, name))),
    runUrl: facts.runUrl(claims, rule.issuer),
  };
}
