import { createHash, randomBytes } from "node:crypto";
import type {
  WorkloadExchange,
  WorkloadTestView,
  WorkloadTokenView,
} from "../../../api/routes/federation.ts";
import {
  keyFor,
  readSignedToken,
  type SignedToken,
  verifySignedToken,
} from "../../../identity/oidc/signed-token.ts";
import { readTimes, type TokenTimes } from "../../../identity/oidc/times.ts";
import { differences, identityOf } from "../../../identity/workload/match.ts";
import { platforms } from "../../../identity/workload/platforms.ts";
import { askKeys } from "../../../issuers/ask-issuer.ts";
import { IssuerKeys } from "../../../issuers/issuer-keys.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { PublicJwk } from "../../../model/workload.ts";
import { makeToken, tokenDigest } from "../../../model/token.ts";
import type { WorkloadControl } from "../../../ports/workload-control.ts";
import { workloadRulesProjection } from "../../../store/projections/workload.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import { announce } from "../../../store/queries/events.ts";
import { addToken } from "../../../store/queries/tokens.ts";
import {
  forgetUses,
  listRules,
  rulesOfIssuer,
  standingRule,
  useOnce,
} from "../../../store/queries/workload.ts";
import type { WorkloadRuleRow } from "../../../store/schema-access.ts";
import type { Engine } from "../../engine.ts";
import { groundsOf } from "../../ledger/leaning.ts";
import { requireWritable } from "../../ledger/writable.ts";
import { requireByRecord } from "../people/two-people.ts";
import { addWorkloadRule, listWorkloadRules, removeWorkloadRule } from "./workload-rules.ts";

export function makeWorkloadControl(engine: Engine): WorkloadControl {
  const { issuerOrigins: origins } = engine.settings;
  const keys = new IssuerKeys((issuer) => askKeys(issuer, { origins }));
  return {
    rules: () => listWorkloadRules(engine),
    addRule: (actor, rule) => addWorkloadRule(engine, actor, rule),
    removeRule: (actor, reference) => removeWorkloadRule(engine, actor, reference),
    test: (token) => testToken(engine, keys, token),
    exchange: (wish) => exchange(engine, keys, wish),
  };
}

/** How much longer than a token itself its use is remembered. Milliseconds. */
const rememberedMs = 300_000;

/**
 * Gives a token of ours for a platform's, once. What is wrong with a token that nobody has signed is told to anybody;
 * which rules there are, and what they want, to nobody.
 */
async function exchange(
  engine: Engine,
  keys: IssuerKeys,
  { token: text, rule: wanted }: WorkloadExchange,
): Promise<WorkloadTokenView> {
  const { db } = engine;
  await requireWritable(db, "a token is an entry of the ledger");
  const read = readSignedToken(text);
  if (!read.ok) throw refused(read.problem);
  const token = read.value;
  const rules = await rulesOf(engine, token);
  const signed = await signedFor(token, rules, keys).catch((cause: unknown) => {
    engine.notice(`keys of ${String(token.claims["iss"])} are not known: ${String(cause)}`);
    throw unknownKeys();
  });
  if (signed.length === 0) throw refused(nobody);
  const now = Date.parse(await databaseTime(db));
  const fitting = signed.filter(({ rule }) => differences(rule, token.claims).length === 0);
  if (fitting.length === 0) throw refusedByRules();
  const named = wanted === undefined ? fitting : fitting.filter(({ name }) => name === wanted);
  const [row, other] = named;
  if (row === undefined) throw refusedByRules();
  if (other !== undefined) throw several(named.map(({ name }) => name));
  const times = timesFor(row, token, now);
  if (typeof times === "string") throw refused(times);
  await requireByRecord(engine, async () => groundsOf(workloadRulesProjection, [row]));
  const given = await give(engine, row, token, times);
  engine.signals.emit("change");
  void forgetUses(db).catch(() => undefined);
  return given;
}

/** The token, its use, and the entry that says so are there together, or not at all. */
async function give(
  { db }: Engine,
  { id, rule }: WorkloadRuleRow,
  token: SignedToken,
  times: TokenTimes,
): Promise<WorkloadTokenView> {
  const secret = makeToken();
  const { name, role, service, environment, lastsMs, maxAgeMs } = rule;
  const ends = Math.min(times.expiresAt, times.issuedAt + maxAgeMs);
  const row = await db.transaction().execute(async (tx) => {
    if (!(await standingRule(tx, id))) throw refusedByRules();
    if (!(await useOnce(tx, useOf(token), new Date(ends + rememberedMs)))) {
      throw refused("this token was used before", "ask the platform for another one");
    }
    const row = await addToken(
      tx,
      {
        id: `t${randomBytes(6).toString("hex")}`,
        name,
        digest: tokenDigest(secret),
        person: null,
        role,
        service,
        environment,
        lastsMs,
        rule: id,
        workload: identityOf(rule, token.claims),
      },
      "tidelock",
    );
    const message = `the workload rule ${name} gave the token ${row.id}`;
    await announce(tx, { kind: "token.changed", message });
    return row;
  });
  const expiresAt = row.expires_at.toISOString();
  return { token: secret, id: row.id, rule: name, role, service, environment, expiresAt };
}

/**
 * By which a token is known again: its own name, at its issuer, or what was signed. Not the signature: with elliptic
 * curves anybody makes a second one of the first.
 */
function useOf({ text, claims }: SignedToken): string {
  const { iss, jti } = claims;
  const own =
    typeof jti === "string" && jti !== ""
      ? ["jti", jti]
      : ["signed", text.slice(0, text.lastIndexOf("."))];
  return `sha256:${createHash("sha256")
    .update(JSON.stringify([iss, ...own]))
    .digest("hex")}`;
}

/** Rules of the issuer that a token names, character by character. */
async function rulesOf({ db }: Engine, { claims: { iss } }: SignedToken) {
  return typeof iss === "string" && iss.length <= 500 ? rulesOfIssuer(db, iss) : [];
}

/** Of these rules those by whose keys the token is signed. */
async function signedFor(
  token: SignedToken,
  rules: readonly WorkloadRuleRow[],
  keys: IssuerKeys,
): Promise<readonly WorkloadRuleRow[]> {
  const good: WorkloadRuleRow[] = [];
  const asked = new Map<string, Promise<PublicJwk | null>>();
  for (const row of rules) {
    const { issuer, jwks } = row.rule;
    let key: PublicJwk | null;
    if (jwks === null) {
      const known = asked.get(issuer) ?? keys.keyFor(issuer, token);
      asked.set(issuer, known);
      key = await known;
    } else {
      key = keyFor(token, jwks);
    }
    if (key && (await verifySignedToken(token, key))) good.push(row);
  }
  return good;
}

function timesFor({ rule }: WorkloadRuleRow, { claims }: SignedToken, now: number) {
  const { needsNotBefore } = platforms[rule.platform];
  return readTimes(claims, { now, maxAgeMs: rule.maxAgeMs, needsNotBefore });
}

/** For whoever keeps the rules: why each lets a token in, or not. It is not used by that. */
async function testToken(
  engine: Engine,
  keys: IssuerKeys,
  text: string,
): Promise<readonly WorkloadTestView[]> {
  const read = readSignedToken(text.trim());
  if (!read.ok) {
    throw new TidelockError("invalid-input", read.problem, { fault: "operator", where: "token" });
  }
  const token = read.value;
  const now = Date.parse(await databaseTime(engine.db));
  const rows = await listRules(engine.db);
  const own = rows.filter(({ rule }) => rule.issuer === token.claims["iss"]);
  let signed: readonly WorkloadRuleRow[] = [];
  let problem = "its signature is not by a key of this issuer's";
  try {
    signed = await signedFor(token, own, keys);
  } catch (error) {
    problem = `the issuer's keys are not known: ${error instanceof Error ? error.message : String(error)}`;
  }
  return rows.map((row) => {
    const { id, name, rule } = row;
    const times = timesFor(row, token, now);
    const why = [
      ...differences(rule, token.claims),
      ...(typeof times === "string" ? [times] : []),
      ...(own.includes(row) && !signed.includes(row) ? [problem] : []),
    ];
    const { service, environment } = rule;
    return { id, name, service, environment, letsIn: why.length === 0, why };
  });
}

/** Whether an issuer is known here is not told to whoever has no token of its. */
const nobody =
  "this token proves nobody here: no rule names its issuer, or no key of its issuer's has signed it";

function refusedByRules(): TidelockError {
  return refused("no rule lets this workload in");
}

const testIt =
  "whoever keeps the rules sees what differs: tidelock workload rule test --oidc-token <file>";

function refused(message: string, hint = testIt): TidelockError {
  return new TidelockError("unauthenticated", message, {
    fault: "operator",
    where: "token",
    hint,
  });
}

/** Where we ask, and why that does not work, is told to whoever keeps the rules. */
function unknownKeys(): TidelockError {
  return new TidelockError(
    "unavailable",
    "the keys of this token's issuer cannot be had right now",
    {
      retryable: true,
      where: "token",
      hint: "whoever keeps the rules sees why: tidelock workload rule test --oidc-token <file>",
    },
  );
}

function several(names: readonly string[]): TidelockError {
  return new TidelockError("conflict", `several rules let this workload in: ${names.join(", ")}`, {
    fault: "operator",
    where: "rule",
    hint: "name the one that is meant in `rule`",
  });
}
