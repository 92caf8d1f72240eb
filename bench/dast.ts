import { dast } from "../src/checks/dast/index.ts";
import { runCheck } from "../src/checks/run.ts";
import type { CheckReport } from "../src/model/verdict.ts";
import { checkContext } from "../test/support/check-context.ts";
import { isPrepared, preparation, startDsvw, startVampi } from "./dast/apps.ts";
import { type Application, dsvw, type Published, vampi } from "./dast/expected.ts";
import { runWapiti, type WapitiHit } from "./dast/wapiti.ts";
import { type BenchResult, round } from "./lib/report.ts";

interface OurHit {
  readonly rule: string;
  readonly method: string;
  readonly route: string;
  readonly parameter: string | null;
  readonly techniques: readonly string[];
}

interface Outcome {
  readonly application: Application;
  readonly ours: readonly OurHit[];
  readonly wapiti: readonly WapitiHit[];
  readonly seconds: { readonly ours: number; readonly wapiti: number };
}

const account = {
  register: {
    path: "/users/v1/register",
    body: { username: "{{username}}", password: "{{password}}", email: "{{email}}" },
  },
  login: {
    kind: "json",
    path: "/users/v1/login",
    body: { username: "{{username}}", password: "{{password}}" },
    token: "auth_token",
  },
  check: { path: "/me", contains: "{{username}}" },
};
/** Making its database anew in the middle of a scan would end every session. */
const vampiScan = {
  openapi: { path: "/openapi.json" },
  avoid: ["/createdb", "/ui"],
  identities: [
    { name: "alice", ...account },
    { name: "bob", ...account },
  ],
};
/** Its start page links to its own exploits; that one takes all memory of the machine. */
const dsvwScan = { avoid: ["/?size="] };

/**
 * Built-in DAST and wapiti against two vulnerable programs that nobody here wrote, held against the lists that
 * they publish of themselves (`dast/expected.ts`, written before the first run).
 */
export async function dastBench(): Promise<BenchResult> {
  if (!isPrepared()) throw new Error(preparation);
  const outcomes = [await onDsvw(), await onVampi()];
  const fixed = await onFixedVampi();
  const lines = outcomes.flatMap(({ application, ours, wapiti }) =>
    application.flaws.map((flaw) => ({
      application: application.id,
      flaw,
      ours: flaw.ours.some((match) => ours.some((hit) => fitsOurs(match, hit))),
      wapiti: flaw.wapiti.some((match) => wapiti.some((hit) => fitsWapiti(match, hit))),
    })),
  );
  const count = (of: (line: (typeof lines)[number]) => boolean) => lines.filter(of).length;
  const injections = {
    listed: count(({ flaw }) => flaw.injection),
    ours: count(({ flaw, ours }) => flaw.injection && ours),
    wapiti: count(({ flaw, wapiti }) => flaw.injection && wapiti),
  };
  const access = {
    listed: count(({ flaw }) => flaw.access),
    ours: count(({ flaw, ours }) => flaw.access && ours),
    wapiti: count(({ flaw, wapiti }) => flaw.access && wapiti),
  };
  const ratio = injections.wapiti === 0 ? Infinity : injections.ours / injections.wapiti;
  return {
    figures: {
      injections,
      access,
      all: {
        listed: lines.length,
        ours: count(({ ours }) => ours),
        wapiti: count(({ wapiti }) => wapiti),
      },
      injectionRatioToWapiti: round(ratio),
      seconds: outcomes.map(({ application, seconds }) => ({ app: application.id, ...seconds })),
      onFixedVampi: { ours: fixed.ours.map(shown), wapiti: fixed.wapiti },
      beyondTheLists: outcomes.map(({ application, ours, wapiti }) => ({
        app: application.id,
        ours: ours
          .filter(
            (hit) =>
              !application.flaws.some((flaw) => flaw.ours.some((match) => fitsOurs(match, hit))),
          )
          .map(shown),
        wapiti: [
          ...new Set(
            wapiti
              .filter(
                (hit) =>
                  !application.flaws.some((flaw) =>
                    flaw.wapiti.some((match) => fitsWapiti(match, hit)),
                  ),
              )
              .map((hit) => `${hit.category} ${hit.path} (${hit.parameter ?? ""})`),
          ),
        ],
      })),
    },
    table: [
      ["published flaw", "program", "tidelock", "wapiti"],
      ...lines.map(({ flaw, application, ours, wapiti }) => [
        flaw.name,
        application,
        ours ? "found" : "missed",
        wapiti ? "found" : "missed",
      ]),
    ],
    notes: [
      "What is beyond the lists, and what is said of the switched-off VAmPI, is in the figures: judge it by hand.",
    ],
    ok: ratio >= 0.8 && access.ours > access.wapiti,
  };
}

async function ours(origin: string, configuration: object): Promise<readonly OurHit[]> {
  const demand = { name: "dast", with: { ...configuration }, timeout: 900_000 };
  const report = await runCheck(dast, checkContext({ instances: [origin] }), demand);
  console.log(`${origin}: ${report.verdict}, ${report.summary}`);
  return hitsOf(report);
}

/** As any reader of the report would: out of the SARIF. */
function hitsOf(report: CheckReport): readonly OurHit[] {
  const sarif = JSON.parse(report.raw?.text ?? "{}") as {
    runs?: { results: { ruleId: string; properties: { tidelock: Omit<OurHit, "rule"> } }[] }[];
  };
  return (sarif.runs?.[0]?.results ?? []).map(({ ruleId, properties }) => ({
    ...properties.tidelock,
    parameter: properties.tidelock.parameter ?? null,
    rule: ruleId,
  }));
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const began = performance.now();
  const value = await work();
  return [value, round((performance.now() - began) / 1_000, 0)];
}

async function onDsvw(): Promise<Outcome> {
  const [found, seconds] = await timed(async () => {
    await using app = await startDsvw();
    return await ours(app.origin, dsvwScan);
  });
  await using app = await startDsvw();
  const remove = ["size"];
  const theirs = await runWapiti(app.origin, { starts: [], remove, headers: [] });
  const all = [...theirs.hits, ...theirs.anomalies];
  const times = { ours: seconds, wapiti: round(theirs.seconds, 0) };
  return { application: dsvw, ours: found, wapiti: all, seconds: times };
}

/** wapiti reads no API description in this version: it is given a session and every route that can be read. */
async function wapitiOnVampi(origin: string) {
  const send = async (path: string, body: object) =>
    (await fetch(origin + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }).then(async (answer) => answer.json())) as Record<string, unknown>;
  const user = { username: "walter", password: "Wapiti-1234" };
  await send("/users/v1/register", { ...user, email: "walter@example.com" });
  const { auth_token: token } = await send("/users/v1/login", user);
  return runWapiti(origin, {
    starts: ["/users/v1", "/users/v1/_debug", "/users/v1/name1", "/me", "/books/v1"],
    remove: [],
    headers: [`Authorization: Bearer ${String(token)}`],
  });
}

async function onVampi(): Promise<Outcome> {
  const [found, seconds] = await timed(async () => {
    await using app = await startVampi(true);
    return await ours(app.origin, vampiScan);
  });
  await using app = await startVampi(true);
  const theirs = await wapitiOnVampi(app.origin);
  const all = [...theirs.hits, ...theirs.anomalies];
  const times = { ours: seconds, wapiti: round(theirs.seconds, 0) };
  return { application: vampi, ours: found, wapiti: all, seconds: times };
}

/** With its own switch off: what is said now is a false alarm, or a flaw that the switch leaves there. */
async function onFixedVampi(): Promise<{ ours: readonly OurHit[]; wapiti: readonly string[] }> {
  await using app = await startVampi(false);
  const found = await ours(app.origin, vampiScan);
  await using fresh = await startVampi(false);
  const theirs = await wapitiOnVampi(fresh.origin);
  const all = [...theirs.hits, ...theirs.anomalies];
  return { ours: found, wapiti: [...new Set(all.map((hit) => `${hit.category} ${hit.path}`))] };
}

function fitsOurs(match: Published["ours"][number], hit: OurHit): boolean {
  return (
    hit.rule === match.rule &&
    (match.route === "*" || hit.route === match.route) &&
    (match.parameter === undefined || hit.parameter === match.parameter) &&
    (match.technique === undefined || hit.techniques.includes(match.technique))
  );
}

function fitsWapiti(match: Published["wapiti"][number], hit: WapitiHit): boolean {
  return (
    hit.category === match.category &&
    match.path.test(hit.path) &&
    (match.parameter === undefined || hit.parameter === match.parameter)
  );
}

function shown({ rule, method, route, parameter }: OurHit): string {
  return `${rule} ${method} ${route}${parameter === null ? "" : ` (${parameter})`}`;
}
