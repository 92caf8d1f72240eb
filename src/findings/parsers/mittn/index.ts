import { z } from "zod";
import { severities } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import { type Format, isRecord, valuesOf } from "../format.ts";
import { severityOfWord } from "../severity-words.ts";

const text = z.string().nullish();

const Step = z.object({
  keyword: text,
  name: text,
  result: z
    .object({
      status: z.string(),
      error_message: z.union([z.string(), z.array(z.string())]).nullish(),
    })
    .nullish(),
});
const Scenario = z.object({
  name: text,
  type: text,
  status: text,
  tags: z.array(z.string()).nullish(),
  steps: z.array(Step).nullish(),
});
const Feature = z.object({
  name: text,
  location: z.string(),
  status: text,
  tags: z.array(z.string()).nullish(),
  elements: z.array(Scenario).nullish(),
});

/**
 * behave's JSON (`behave -f json`), which Mittn runs in: a scenario with a failed step is a hit, of the severity of a
 * tag (`critical` …), else high. Scenarios that were not carried out make it incomplete.
 */
export const behave: Format = {
  id: "behave",
  title: "Mittn (behave's JSON)",
  syntax: "lines",
  recognise(sample) {
    const [first] = valuesOf(sample) ?? [];
    return (
      isRecord(first) &&
      "location" in first &&
      "keyword" in first &&
      "status" in first &&
      !("uri" in first)
    );
  },
  open() {
    let unended = 0;
    let scenarios = 0;
    let assertions = 0;
    return {
      item(value) {
        const feature = Feature.parse(value);
        const file = feature.location.replace(/:\d{1,9}$/, "");
        return (feature.elements ?? []).flatMap((element): readonly Draft[] => {
          if (element.type === "background") return [];
          const steps = element.steps ?? [];
          const failed = steps.find(({ result }) => isFailure(result?.status));
          const passed = steps.filter(({ result }) => result?.status === "passed").length;
          assertions += passed;
          const whole = steps.length > 0 && passed === steps.length && !isFailure(element.status);
          if (failed || isFailure(element.status)) {
            scenarios += 1;
            const tags = [...(feature.tags ?? []), ...(element.tags ?? [])];
            return [draftOf(file, feature.name ?? "", element.name ?? "", tags, failed)];
          }
          if (whole) scenarios += 1;
          else unended += 1;
          return [];
        });
      },
      end() {
        const missing =
          unended > 0
            ? `${unended} scenarios did not come to an end`
            : scenarios === 0
              ? "there is no scenario in it"
              : undefined;
        return {
          tool: { name: "behave", version: "unknown" },
          exercised: { scenarios, assertions },
          complete: missing === undefined,
          ...(missing === undefined ? {} : { missing }),
        };
      },
    };
  },
};

function isFailure(status: string | null | undefined): boolean {
  return status === "failed" || status === "error" || status === "hook_error";
}

function draftOf(
  file: string,
  feature: string,
  name: string,
  tags: readonly string[],
  failed: z.infer<typeof Step> | undefined,
): Draft {
  const severity = severities.find((one) => tags.some((tag) => tag.toLowerCase() === one));
  const said = [failed?.result?.error_message ?? []].flat().join("\n");
  return {
    rule: name || feature,
    severity: severity ?? "high",
    severityStated: severity !== undefined,
    title: `${feature}: ${name}`,
    message: [`${failed?.keyword ?? ""} ${failed?.name ?? ""}`.trim(), said].join("\n"),
    place: { kind: "resource", name: `${file} ${name}` },
    kind: "test",
  };
}

const sqlBoolean = z.union([z.boolean(), z.number(), z.string()]).nullish();
const Row = z.object({
  scenario_id: z.string(),
  url: z.string(),
  new_issue: sqlBoolean,
  /** Of the headless scanner (Burp Suite). */
  severity: text,
  issuetype: z.union([z.string(), z.number()]).nullish(),
  issuename: text,
  issuedetail: text,
  /** Of the fuzzer. */
  req_method: text,
  resp_statuscode: z.union([z.string(), z.number()]).nullish(),
  server_protocol_error: text,
  server_timeout: sqlBoolean,
  server_error_text_detected: sqlBoolean,
  server_error_text_matched: text,
});

/**
 * Rows of Mittn's table of issues (`headlessscanner_issues`, `httpfuzzer_issues`), as a client of its database prints
 * them in JSON. One that is marked as not new was called a false positive there: a hit marked as suppressed.
 */
export const mittn: Format = {
  id: "mittn",
  title: "Mittn (rows of its issues)",
  syntax: "lines",
  recognise: (sample) => {
    const [first] = valuesOf(sample) ?? [];
    return isRecord(first) && ["scenario_id", "url", "new_issue"].every((key) => key in first);
  },
  open: () => ({
    item: (value) => [draftOfRow(Row.parse(value))],
    end: () => ({
      tool: { name: "mittn", version: "unknown" },
      complete: false,
      missing: "its table of issues collects many runs, and says of none that it came to its end",
    }),
  }),
};

function draftOfRow(row: z.infer<typeof Row>): Draft {
  const {
    url,
    severity,
    issuetype,
    issuename,
    issuedetail,
    server_error_text_matched: matched,
  } = row;
  const why = [
    ...(isTrue(row.server_timeout) ? ["the server timed out"] : []),
    ...(row.server_protocol_error ? [row.server_protocol_error] : []),
    ...(isTrue(row.server_error_text_detected) ? [`the answer holds "${matched ?? ""}"`] : []),
    ...(row.resp_statuscode ? [`status ${row.resp_statuscode}`] : []),
  ];
  const fuzzed = issuename === null || issuename === undefined;
  return {
    rule: fuzzed ? row.scenario_id : String(issuetype ?? issuename),
    // The fuzzer has none: what it provoked is an error of the server's.
    ...(fuzzed
      ? { severity: "medium" as const, severityStated: false }
      : { severity: severity === "Information" ? "info" : severityOfWord(severity) }),
    title: issuename ?? `${row.scenario_id}: ${why[0] ?? "an invalid answer"}`,
    message: [issuedetail ?? "", ...why].filter((part) => part !== "").join("\n"),
    place: {
      kind: "http",
      method: row.req_method ?? "GET",
      route: URL.canParse(url) ? new URL(url).pathname : url,
    },
    kind: "web",
    suppressed: row.new_issue !== null && row.new_issue !== undefined && !isTrue(row.new_issue),
  };
}

function isTrue(value: z.infer<typeof sqlBoolean>): boolean {
  return (
    value === true || value === 1 || (typeof value === "string" && /^(1|t|true)$/i.test(value))
  );
}
