import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkContext } from "../../../test/support/check-context.ts";
import { type Flaw, signInService } from "../../../test/support/sign-in-service.ts";
import { judgeReport } from "../../engine/judging/judge-report.ts";
import type { CheckReport } from "../../model/verdict.ts";
import { runCheck } from "../run.ts";
import { attackSpecs } from "./index.ts";
import { packNames } from "./pack-names.ts";
import { readFeature } from "./read-feature.ts";

type Pack = "authentication" | "session" | "csrf" | "cors" | "headers" | "jwt";

interface Played {
  readonly packs: readonly Pack[];
  readonly flaw?: Flaw | undefined;
  readonly except?: readonly string[] | undefined;
  readonly lockAfter?: number;
  /** Supplied files, as a file of the demand has them. */
  readonly asOwn?: boolean;
}

async function play(pack: Pack, flaw?: Flaw, except?: readonly string[]): Promise<CheckReport> {
  return playAll({ packs: [pack], flaw, except });
}

async function playAll(played: Played): Promise<CheckReport> {
  const { packs, flaw, except = [], lockAfter } = played;
  const kind = packs.includes("jwt") ? "jwt" : "cookie";
  await using service = await signInService(flaw, kind, lockAfter);
  const { ann = "", ben = "" } = service.passwords;
  const demand = {
    name: "sessions",
    timeout: 60_000,
    with: {
      specs: packs.map((pack) =>
        played.asOwn === true ? { name: `pack/${pack}.feature`, text: textOf(pack) } : { pack },
      ),
      except,
      identities: [
        { name: "user", username: "ann", password: { secret: "ANN" } },
        { name: "other", username: "ben", password: { secret: "BEN" } },
      ],
      app: {
        login: {
          path: "/login",
          form: { username: "{{username}}", password: "{{password}}" },
          ...(kind === "jwt" ? { token: "token" } : {}),
        },
        protected: { path: "/account", contains: "account of" },
        logout: { path: "/logout" },
        write: { path: "/notes", form: { text: "{{random}}" }, page: "/account" },
        attempts: Math.max(8, lockAfter ?? 0),
        idleSeconds: 1,
        jwks: "/jwks",
      },
    },
  };
  const readSecret = async (key: string) => ({ ANN: ann, BEN: ben })[key] ?? "";
  const context = checkContext({ instances: [service.origin], readSecret });
  const report = await runCheck(attackSpecs, context, demand, {
    secrets: [ann, ben],
    // A thread each; what a flaw comes to is decided by the check itself.
    ...(flaw === undefined ? { judge: judgeReport } : {}),
  });
  expect(JSON.stringify(report)).not.toContain(ann);
  expect(JSON.stringify(report)).not.toContain(ben);
  return report;
}

function textOf(pack: string): string {
  return readFileSync(`${import.meta.dirname}/pack/${pack}.feature`, "utf8");
}

function failedIn(report: CheckReport): readonly string[] {
  return report.results
    .filter(({ verdict }) => verdict === "fail")
    .map(({ name }) => name.replace(/^[^:]*: /, ""));
}

/** What no cheap sample can do: a slow one waits for a session to end. */
const slow: Readonly<Record<string, readonly string[]>> = {
  session: ["@idleSeconds"],
  jwt: ["@expiry"],
};

describe.concurrent("the supplied specifications", () => {
  it.each(["authentication", "session", "csrf", "cors", "headers", "jwt"] as const)(
    "%s finds nothing in a service that does everything right",
    async (pack) => {
      const report = await play(pack);
      expect(report.results.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
      expect(report.verdict).toBe("pass");
      expect(report.exercised.scenarios).toBe(report.results.length);
    },
  );
});

describe.concurrent("a service that locks accounts for good", () => {
  const timing = "Nobody learns from the time which names there are";
  const guessing = "Guessing is stopped";
  const brief = (report: CheckReport) =>
    report.results.map(({ name, verdict }) => [name.replace(/^[^:]*: /, ""), verdict] as const);
  const packs = ["authentication", "session", "headers"] as const;

  it("spoils nothing that follows: what may lock comes after all files", async () => {
    const report = await playAll({ packs, lockAfter: 10, except: slow["session"] });
    expect(report.results.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
    expect(report.verdict).toBe("pass");
    expect(brief(report).slice(-2)).toEqual([
      [timing, "pass"],
      [guessing, "pass"],
    ]);
    expect(report.exercised.scenarios).toBeGreaterThan(20);
  });

  it("is not accused of telling names by its time when it locks during the measurement", async () => {
    const report = await playAll({ packs: ["authentication"], lockAfter: 5 });
    expect(brief(report).filter(([, verdict]) => verdict !== "pass")).toEqual([
      [timing, "inconclusive"],
    ]);
    expect(report.verdict).toBe("inconclusive");
    const told = report.results.find(({ name }) => name.endsWith(timing))?.message;
    expect(told).toContain("wrong password 6 of user is answered with 429, and one of a name");
    expect(told).toContain('except: ["@timing"]');
  });

  it("is seen to tell names by its time when it does so without being locked", async () => {
    const report = await playAll({
      packs: ["authentication"],
      lockAfter: 10,
      flaw: "slow-for-names",
    });
    expect(failedIn(report)).toEqual([timing]);
  });

  it("is asked in the order of the file when the file is not a supplied one", async () => {
    const report = await playAll({
      packs: ["authentication", "headers"],
      lockAfter: 10,
      asOwn: true,
    });
    expect(brief(report).at(-1)?.[0]).not.toBe(guessing);
  });
});

/** Each flaw, and the scenario that has to see it. */
const mutants: readonly (readonly [Pack, Flaw, string])[] = [
  ["authentication", "open-to-strangers", "The right password opens what a stranger is not shown"],
  ["authentication", "any-password", "A wrong password opens nothing"],
  ["authentication", "no-password", "An empty password opens nothing"],
  ["authentication", "any-case", "A password in other case opens nothing"],
  [
    "authentication",
    "true-to-a-database",
    "What would be true to a database is no password (' OR '1'='1)",
  ],
  ["authentication", "tells-names", "Nobody learns from the answer which names there are"],
  ["authentication", "slow-for-names", "Nobody learns from the time which names there are"],
  ["authentication", "repeats-password", "No answer gives the password back"],
  ["authentication", "repeats-password-on-page", "No answer gives the password back"],
  ["authentication", "takes-query", "A name and a password in an address open nothing"],
  ["authentication", "no-brake", "Guessing is stopped"],
  [
    "session",
    "keeps-session",
    "A session that was there before signing in is worth nothing after it",
  ],
  ["session", "takes-any-session", "A session of somebody's own making is not taken"],
  ["session", "one-session", "Two sessions are two, and long"],
  ["session", "short-session", "Two sessions are two, and long"],
  ["session", "logout-in-browser-only", "A session ends for whoever has a copy of it, too"],
  ["session", "no-logout", "Signing out takes the session from the browser"],
  ["session", "never-idle", "A session that nobody uses ends"],
  ["session", "script-reads-cookie", "Scripts cannot read the session"],
  ["session", "no-same-site", "Other sites do not send the session along"],
  ["session", "same-site-none", "Other sites do not send the session along"],
  ["session", "cookie-without-tls", "The session never goes out without encryption"],
  ["session", "session-in-address", "The session stands in no address and on no page"],
  ["session", "session-on-page", "The session stands in no address and on no page"],
  ["session", "cached", "Nobody keeps a copy of what only one may see"],
  ["csrf", "own-page-cannot-write", "The service's own page can write"],
  ["csrf", "foreign-writes", "Another site cannot (https://attacker.invalid)"],
  ["csrf", "null-writes", "Another site cannot (null)"],
  ["csrf", "strangers-write", "A stranger cannot write"],
  ["cors", "cors-reflects", "Another site cannot read what a user sees (https://attacker.invalid)"],
  [
    "cors",
    "cors-suffix",
    "Another site cannot read what a user sees (https://{{host}}.attacker.invalid)",
  ],
  ["cors", "cors-null", "Another site cannot read what a user sees (null)"],
  ["cors", "cors-star", "Another site cannot read what a user sees (null)"],
  ["cors", "preflight", "Another site is not promised that it may write"],
  ["headers", "guesses-types", "Browsers do not guess what a file is"],
  ["headers", "framed", "No other site puts it into a frame"],
  ["headers", "framed-by-policy", "No other site puts it into a frame"],
  ["headers", "reads-for-all", "Any other site may not read it with a session"],
  ["headers", "tells-version", "It does not tell its versions"],
  ["headers", "tells-server", "It does not tell its versions"],
  ["headers", "no-hsts", "Browsers come back with encryption"],
  ["jwt", "alg-none", "A token with the algorithm none opens nothing"],
  ["jwt", "alg-none-by-case", "A token with the algorithm nOnE opens nothing"],
  ["jwt", "no-signature", "A token with no signature opens nothing"],
  ["jwt", "signature-unchecked", "A token with another signature opens nothing"],
  ["jwt", "claims-unchecked", "A token with another end opens nothing"],
  ["jwt", "weak-key", "A token with the signature of a guessable key opens nothing"],
  ["jwt", "confused", "A public key is no shared secret"],
  ["jwt", "no-end", "A token ends within a day"],
  ["jwt", "long-end", "A token ends within a day"],
  ["jwt", "end-unchecked", "A token is not taken after its end"],
];

describe.concurrent("a flaw in the service", () => {
  it.each(mutants)("%s sees %s", async (pack, flaw, scenario) => {
    const needsTime = ["never-idle", "end-unchecked"].includes(flaw);
    const report = await play(pack, flaw, needsTime ? [] : slow[pack]);
    expect(report.verdict).toBe("fail");
    expect(failedIn(report)).toContain(scenario);
  });

  it("is looked for by every scenario of the packs that need no TLS", () => {
    const seen = new Set(mutants.map(([, , scenario]) => scenario));
    const all = packNames
      .filter((name) => name !== "tls")
      .flatMap((name) => {
        return readFeature(name, textOf(name)).map((scenario) => scenario.name);
      });
    const twins = ["What would be true to a database is no password (' OR 1=1 -- -)"];
    expect(all.filter((name) => !seen.has(name))).toEqual(twins);
  });
});
