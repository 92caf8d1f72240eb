import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ApprovalBasis,
  type AskedApproval,
  strictestApprovals,
} from "../../model/approval.ts";
import { severities } from "../../model/observation.ts";
import { Verdict } from "../../model/verdict.ts";
import { type ApprovalSays, copyable, evaluateApprovals, whyVoid } from "./evaluate.ts";
import type { ApprovalsInput, GivenAnswer, Involved } from "./given.ts";
import { filled } from "./places.ts";
import { worseThan } from "./worse.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}` as const;
const people = ["a", "b", "c", "d", "e"].map((one) => `person:${one.repeat(32)}`);
const roles = ["sre", "qa", "security"];
const request = "1".repeat(32);
const at = "2026-01-01T00:00:00.000Z";
const now = "2026-01-01T01:00:00.000Z";

const basis: fc.Arbitrary<ApprovalBasis> = fc.record({
  checks: fc.uniqueArray(
    fc.record({
      check: fc.constantFrom("smoke", "dast", "sast"),
      verdict: fc.constantFrom(...Verdict.options, "pending" as const),
      accepted: fc.boolean(),
    }),
    { selector: ({ check }) => check, maxLength: 3 },
  ),
  findings: fc.uniqueArray(
    fc.record({
      id: fc.constantFrom("F-1", "F-2", "F-3"),
      severity: fc.constantFrom(...severities),
      rule: fc.constant("CVE-1"),
      exploited: fc.constantFrom(true, false, null),
    }),
    { selector: ({ id }) => id, maxLength: 3 },
  ),
});

const answer: fc.Arbitrary<GivenAnswer> = fc.record({
  id: fc.stringMatching(/^[0-9a-f]{8}$/),
  request: fc.constantFrom(request, request, request, "2".repeat(32)),
  purpose: fc.constant("approve" as const),
  person: fc.constantFrom(...people),
  also: fc.subarray(people, { maxLength: 1 }),
  role: fc.constantFrom(...roles),
  method: fc.constant("key" as const),
  at: fc.constantFrom(at, "2026-01-01T00:30:00.000Z"),
  notBefore: fc.constantFrom(null, null, "2026-01-01T02:00:00.000Z"),
  expires: fc.constantFrom(null, null, "2026-01-01T00:45:00.000Z"),
  against: fc.constantFrom(null, null, null, "the key is gone"),
  enrolments: fc.array(
    fc.record({
      what: fc.constant("the key"),
      by: fc.subarray(people, { maxLength: 2 }),
      proven: fc.boolean(),
      vouched: fc.subarray(people, { maxLength: 2 }),
    }),
    { maxLength: 2 },
  ),
});

const ask: fc.Arbitrary<AskedApproval> = fc.record({
  roles: fc.subarray(roles, { minLength: 1 }),
  count: fc.integer({ min: 1, max: 2 }),
  notBeforeMs: fc.constantFrom(0, 0, 7_200_000),
  expiresMs: fc.constantFrom(86_400_000, 1_800_000),
});

const involved: fc.Arbitrary<Involved> = fc.record({
  what: fc.constantFrom("author of commit abc", "who began the promotion"),
  people: fc.subarray(people, { maxLength: 1 }),
  proven: fc.boolean(),
});

const about = {
  ledger: "l",
  service: "shop",
  environment: "production",
  promotion: "p1",
  version: "1.0.0",
  release: digest("a"),
  configuration: digest("b"),
  plan: digest("c"),
  policy: digest("d"),
};

const input: fc.Arbitrary<ApprovalsInput> = fc
  .record({
    asks: fc.array(ask, { minLength: 1, maxLength: 2 }),
    signed: basis,
    lineage: fc.array(involved, { maxLength: 2 }),
    answers: fc.array(answer, { maxLength: 5 }),
  })
  .map(({ asks, signed, lineage, answers }) => ({
    asks,
    request: {
      asked: { ...about, request, decision: digest("e"), asks: [...asks] },
      basis: signed,
      at,
    },
    now: about,
    lineage,
    answers,
  }));

const mode = fc.constantFrom("solo" as const, "team" as const);
const opens = (said: readonly ApprovalSays[]) => said.every(({ outcome }) => outcome === "allow");
const options = { numRuns: 1_000 };

/**
 * Of each person one answer, under one name. One more answer can join two people into one, or show of somebody what
 * another one did not, so fewer answers may only open what more would open too when it does neither.
 */
const apart = (answers: readonly GivenAnswer[]): readonly GivenAnswer[] =>
  answers
    .filter(({ person }, at) => answers.findIndex((one) => one.person === person) === at)
    .map((one) => ({ ...one, also: [] }));

describe("laws of approvals", () => {
  it("worse evidence never makes an approval count that did not", () => {
    fc.assert(
      fc.property(input, mode, basis, (given, which, later) => {
        const signed = given.request?.basis ?? later;
        // Everything of before, and whatever comes on top.
        const known = new Set(signed.findings?.map(({ id }) => id));
        const more: ApprovalBasis = {
          checks: signed.checks,
          findings: [
            ...(signed.findings ?? []),
            ...(later.findings ?? []).filter(({ id }) => !known.has(id)),
          ],
        };
        const before = opens(evaluateApprovals(given, { now, mode: which, basis: signed }));
        const after = opens(evaluateApprovals(given, { now, mode: which, basis: more }));
        expect(after && !before).toBe(false);
        const added = (more.findings?.length ?? 0) > (signed.findings?.length ?? 0);
        if (added) expect(after).toBe(false);
      }),
      options,
    );
  });

  it("what is the same, or turned into a pass, leaves a signature standing", () => {
    fc.assert(
      fc.property(basis, fc.array(fc.nat(3)), (signed, which) => {
        const better = {
          checks: signed.checks.map((one, index) =>
            which.includes(index) ? { ...one, verdict: "pass" as const, accepted: false } : one,
          ),
          findings: (signed.findings ?? []).filter((_, index) => !which.includes(index)),
        };
        expect(worseThan(signed, signed)).toEqual([]);
        expect(worseThan(signed, better)).toEqual([]);
      }),
      options,
    );
  });

  it("any verdict that is another one and no pass voids", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Verdict.options),
        fc.constantFrom(...Verdict.options),
        (was, is) => {
          const of = (verdict: Verdict) => ({
            checks: [{ check: "smoke", verdict, accepted: false }],
            findings: [],
          });
          const void_ = worseThan(of(was), of(is)).length > 0;
          expect(void_).toBe(is !== was && is !== "pass");
        },
      ),
    );
  });

  it("nobody of the lineage counts, under no pseudonym, and neither does a sponsor's creature", () => {
    fc.assert(
      fc.property(input, mode, (given, which) => {
        const signed = given.request?.basis ?? { checks: [], findings: [] };
        const hands = new Set(given.lineage.flatMap((one) => one.people));
        const cleanOf = (answers: readonly GivenAnswer[]) =>
          answers.filter(
            ({ person, also, enrolments }) =>
              !hands.has(person) &&
              !also.some((one) => hands.has(one)) &&
              enrolments.every(
                ({ by, vouched }) =>
                  !by.some((one) => hands.has(one)) ||
                  vouched.some((one) => !hands.has(one) && one !== person && !also.includes(one)),
              ),
          );
        const context = { now, mode: which, basis: signed };
        const opensWith = (answers: readonly GivenAnswer[]) =>
          opens(evaluateApprovals({ ...given, answers }, context));
        if (opensWith(given.answers)) expect(cleanOf(given.answers)).not.toEqual([]);
        const alone = apart(given.answers);
        const all = opensWith(alone);
        const without = opensWith(cleanOf(alone));
        if (all) expect(cleanOf(alone)).not.toEqual([]);
        if (without) expect(all).toBe(true);
      }),
      options,
    );
  });

  it("opens only with as many different people as are asked for, each counted once", () => {
    fc.assert(
      fc.property(input, mode, (given, which) => {
        const context = {
          now,
          mode: which,
          basis: given.request?.basis ?? { checks: [], findings: [] },
        };
        if (!opens(evaluateApprovals(given, context))) return;
        const hands = new Set(given.lineage.flatMap((one) => one.people));
        const good = given.answers.filter(
          (one) =>
            one.against === null &&
            one.request === request &&
            !hands.has(one.person) &&
            !one.also.some((other) => hands.has(other)),
        );
        const needed = given.asks.reduce((sum, { count }) => sum + count, 0);
        expect(new Set(good.map(({ person }) => person)).size).toBeGreaterThanOrEqual(needed);
      }),
      options,
    );
  });

  it("never counts somebody beside whoever has made them what they are, and leaves out whom fewer miss", () => {
    const sre = { roles: ["sre"], count: 2, notBeforeMs: 0, expiresMs: 86_400_000 };
    const of = (person: string, by: readonly string[] = [], vouched: readonly string[] = []) => ({
      id: person,
      request,
      purpose: "approve" as const,
      person,
      also: [],
      role: "sre",
      method: "key" as const,
      at,
      notBefore: null,
      expires: null,
      against: null,
      enrolments: [{ what: "the key", by: [...by], proven: true, vouched: [...vouched] }],
    });
    const nothing = { checks: [], findings: [] };
    const said = (answers: readonly GivenAnswer[], which: "solo" | "team") =>
      evaluateApprovals(
        {
          asks: [sre],
          request: {
            asked: { ...about, request, decision: digest("e"), asks: [sre] },
            basis: nothing,
            at,
          },
          now: about,
          lineage: [],
          answers,
        },
        { now, mode: which, basis: nothing },
      );
    const [jo, puppet] = [of("a"), of("b", ["a"])];
    for (const which of ["solo", "team"] as const) {
      const two = said([jo, puppet], which);
      expect([opens(two), two[0]?.outcome]).toEqual([false, "wait"]);
      expect(two[0]?.message).toMatch(/1 of 2 approved as sre.*no third person vouched/);
      expect(opens(said([jo, of("b", ["a"], ["c"])], which))).toBe(true);
      // Two whom the same one brought here, before and after that one approves too.
      expect(opens(said([puppet, of("c", ["a"])], which))).toBe(true);
      expect(opens(said([jo, puppet, of("c", ["a"])], which))).toBe(true);
    }
  });

  it("in a team whatever is unproven counts as everybody", () => {
    fc.assert(
      fc.property(input, (given) => {
        const unproven = {
          ...given,
          lineage: [...given.lineage, { what: "author of commit x", people: [], proven: false }],
        };
        const signed = given.request?.basis ?? { checks: [], findings: [] };
        expect(opens(evaluateApprovals(unproven, { now, mode: "team", basis: signed }))).toBe(
          false,
        );
      }),
      options,
    );
  });

  it("a changed byte of plan, policy, configuration, release, lane or log voids and says which", () => {
    for (const field of Object.keys(about) as (keyof typeof about)[]) {
      const asked = { ...about, request, decision: digest("e"), asks: [] };
      const basisNow = { checks: [], findings: [] };
      const other = { ...about, [field]: `${about[field]}x` };
      const why = whyVoid(
        { request: { asked, basis: basisNow, at }, now: other },
        { basis: basisNow },
      );
      expect(why.join()).toContain(`the ${field} is`);
    }
  });

  it("one rejection denies, whatever the others say, and also one by whoever worked on it", () => {
    fc.assert(
      fc.property(input, mode, answer, (given, which, one) => {
        const asks = given.asks;
        const no = {
          ...one,
          purpose: "reject" as const,
          request,
          against: null,
          role: asks[0]?.roles[0] ?? "",
        };
        const signed = given.request?.basis ?? { checks: [], findings: [] };
        const said = evaluateApprovals(
          { ...given, answers: [...given.answers, no] },
          { now, mode: which, basis: signed },
        );
        expect(said.map(({ outcome }) => outcome)).toEqual(["deny"]);
      }),
      options,
    );
  });

  it("gives places so that nobody who could fill another one stands in the way", () => {
    const of = (person: string, role: string): GivenAnswer => ({
      id: person,
      request,
      purpose: "approve",
      person,
      also: [],
      role,
      method: "key",
      at,
      notBefore: null,
      expires: null,
      against: null,
      enrolments: [],
    });
    const any = { roles: ["qa", "sre"], count: 1, notBeforeMs: 0, expiresMs: 1 };
    const sre = { roles: ["sre"], count: 1, notBeforeMs: 0, expiresMs: 1 };
    const said = filled([any, sre], [of("a", "sre"), of("b", "qa")], (one, { roles: wanted }) =>
      wanted.includes(one.role),
    );
    expect(said.map(({ people: who }) => who)).toEqual([["b"], ["a"]]);
  });

  it("asking for keys of one device lets nothing through that was not, and no key that can be copied", () => {
    const bound = fc.constantFrom(true as const, undefined);
    fc.assert(
      fc.property(
        input,
        fc.array(bound, { minLength: 5, maxLength: 5 }),
        mode,
        (given, keys, which) => {
          const answers = apart(given.answers).map((one, index) =>
            keys[index] === true
              ? { ...one, method: "webauthn" as const, deviceBound: true as const }
              : one,
          );
          const context = {
            now,
            mode: which,
            basis: given.request?.basis ?? { checks: [], findings: [] },
          };
          const asks = given.asks.map((one) => ({ ...one, deviceBound: true as const }));
          const strict = evaluateApprovals({ ...given, answers, asks }, context);
          if (!opens(strict)) return;
          expect(opens(evaluateApprovals({ ...given, answers }, context))).toBe(true);
          const only = answers.filter(({ deviceBound }) => deviceBound === true);
          expect(opens(evaluateApprovals({ ...given, answers: only, asks }, context))).toBe(true);
        },
      ),
      options,
    );
  });

  it("says of a key file, and of a passkey that can be copied, why neither counts there", () => {
    const [key, synced] = (["key", "webauthn"] as const).map((method) =>
      copyable({ method }, { deviceBound: true }),
    );
    expect(key).toContain("key file");
    expect(synced).toContain("copy");
    expect(copyable({ method: "webauthn", deviceBound: true }, { deviceBound: true })).toBeNull();
    expect(copyable({ method: "key" }, {})).toBeNull();
    const demand = { role: "sre", count: 1, expires: 60_000 };
    for (const lists of [
      [[demand], [{ ...demand, deviceBound: true }]],
      [[{ ...demand, deviceBound: true }], [{ ...demand, deviceBound: false }]],
    ]) {
      expect(strictestApprovals(...lists)?.[0]?.deviceBound).toBe(true);
    }
    expect(strictestApprovals([demand])?.[0]).not.toHaveProperty("deviceBound");
  });
});
