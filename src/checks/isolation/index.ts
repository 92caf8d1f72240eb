import { TidelockError } from "../../model/errors.ts";
import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { Check, CheckContext, CredentialSearch } from "../../ports/check.ts";
import { type Pursuit, pursue } from "./pursue.ts";
import { IsolationConfiguration } from "./schema.ts";

/**
 * Tests that a colour under test cannot touch the live side, instead of believing its configuration (law
 * 10): a marked mail, job, row and call, as far as they are declared, have to arrive where they may and
 * never show on the live side, and no credential of the live side is in what the instances were given.
 * Whatever attacks the colour `needs` this check.
 */
export const isolation: Check<typeof IsolationConfiguration> = {
  id: "isolation",
  schema: IsolationConfiguration,
  touch: "intrusive",
  cost: "cheap",
  disturbs: ["data"],
  sensitiveTo: ["load", "availability"],
  judgedBy: "itself",
  purpose: "security",
  run: runIsolation,
};

type Result = CheckReport["results"][number];

async function runIsolation(
  context: CheckContext,
  configuration: IsolationConfiguration,
): Promise<CheckReport> {
  const { slot } = context;
  if (slot === null) {
    throw new TidelockError("unsupported", "nothing is deployed whose isolation could be tested", {
      fault: "operator",
      where: "phase",
      hint: "use `phase: deployed`",
    });
  }
  // First: an instance that holds a live credential is not made to do anything.
  const credentials = await context.searchCredentials();
  const held = credentialResults(credentials);
  if (held.some(({ verdict }) => verdict === "fail")) {
    return reportOf(held, { requests: 0, places: credentials.places });
  }
  const pursuit = await pursue(context, slot, configuration);
  return reportOf([...held, ...markerResults(pursuit)], {
    requests: pursuit.requests,
    places: credentials.places,
  });
}

function credentialResults(search: CredentialSearch): Result[] {
  const name = "credentials";
  if (search.bindings !== "isolated") {
    const message = "the tested instances run with the live bindings";
    return [{ name, verdict: "fail", message }];
  }
  if (search.found.length > 0) {
    return search.found.map((one) => ({
      name,
      verdict: "fail",
      message: `${one.name} of the live side stands in ${one.place} of the tested colour`,
    }));
  }
  const unsure = [
    ...search.tooShort.map((key) => `${key} is too short to be looked for`),
    ...(search.unreadable > 0 ? [`${search.unreadable} processes or files could not be read`] : []),
    ...(search.places === 0 ? ["nothing that the instances were given could be read"] : []),
  ];
  if (unsure.length > 0)
    return unsure.map((message) => ({ name, verdict: "inconclusive", message }));
  const shared =
    search.shared.length === 0 ? "" : `; shared by their owner's word: ${search.shared.join(", ")}`;
  const message = `none of ${search.looked.length} live credentials in ${search.places} files, variables and processes${shared}`;
  return [{ name, verdict: "pass", message }];
}

function markerResults(pursuit: Pursuit): Result[] {
  const results: Result[] = [];
  for (const { name, target, refused, arrived, marker } of pursuit.sent) {
    const host = new URL(target.origin).host;
    if (refused !== null) {
      results.push({ name, verdict: "inconclusive", message: `not sent by ${host}: ${refused}` });
    } else if (arrived === null) {
      const message = `${marker}, sent by ${host}, arrived nowhere that was looked`;
      results.push({ name, verdict: "inconclusive", message });
    } else {
      results.push({ name, verdict: "pass", message: `${marker} of ${host} arrived: ${arrived}` });
    }
  }
  for (const { name, where } of pursuit.escaped) {
    const message = `what the tested colour sent is on the live side: ${where} shows it`;
    results.push({ name, verdict: "fail", message });
  }
  for (const why of pursuit.blind) {
    results.push({ name: "live side", verdict: "inconclusive", message: `cannot be seen: ${why}` });
  }
  const seen = pursuit.escaped.length === 0 && pursuit.blind.length === 0;
  if (seen) {
    const message =
      pursuit.skipped === 0
        ? "no read of the live side ever showed a marker"
        : "no read of the live side ever showed a marker; there is no live colour yet to ask";
    results.push({ name: "live side", verdict: "pass", message });
  }
  return results;
}

const worstFirst: readonly Verdict[] = ["fail", "inconclusive", "pass"];

function reportOf(
  results: readonly Result[],
  exercised: { readonly requests: number; readonly places: number },
): CheckReport {
  const verdict =
    worstFirst.find((one) => results.some((result) => result.verdict === one)) ?? "inconclusive";
  const first = results.find((result) => result.verdict === verdict);
  const bad = results.filter((result) => result.verdict !== "pass").length;
  const more = bad > 1 ? ` (and ${bad - 1} more)` : "";
  const proven = results.filter(({ name }) => name !== "credentials" && name !== "live side");
  return {
    verdict,
    summary:
      verdict === "pass"
        ? `${proven.length} markers arrived in their sinks and never on the live side; no live credential is held`
        : `${first?.name}: ${first?.message}${more}`,
    exercised: {
      requests: exercised.requests,
      assertions: results.length,
      files: exercised.places,
    },
    tools: { node: process.version },
    results: [...results],
  };
}
