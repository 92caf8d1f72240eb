import { type Format, type Reader, type Sample, valuesOf } from "../format.ts";
import { Subjects } from "../subjects.ts";
import { draftsOf, unknownToTool } from "./drafts.ts";
import { AsffFinding } from "./schema.ts";

/**
 * Findings of AWS Security Hub in its own format (ASFF, schema 2018-10-08): what `get-findings` answers, a bare
 * array, and one finding a line (as an export to a bucket or an event stream holds them). What becomes of a
 * finding's states stands at `draftsOf`.
 */
export const securityHub: Format = {
  id: "security-hub",
  title: "AWS Security Hub (ASFF)",
  syntax: "json",
  items: [{ path: ["Findings", "*"] }, { path: ["findings", "*"] }],
  recognise(sample) {
    if (sample.syntax !== "json") return false;
    return isAsff(listOf(sample)?.[0]) || isEmptyAnswer(sample.value);
  },
  open: (frame) => reader(moreFollow(frame)),
};

export const securityHubLines: Format = {
  id: "security-hub-lines",
  title: "AWS Security Hub (ASFF, an array or a finding a line)",
  syntax: "lines",
  recognise: (sample) => isAsff(valuesOf(sample)?.[0]),
  open: () => reader(false),
};

function listOf({ value }: Extract<Sample, { syntax: "json" }>): readonly unknown[] | undefined {
  const list = member(value, "Findings") ?? member(value, "findings");
  return Array.isArray(list) ? list : undefined;
}

function isAsff(value: unknown): boolean {
  return (
    typeof member(value, "SchemaVersion") === "string" &&
    typeof member(value, "ProductArn") === "string"
  );
}

/** What `get-findings` answers where there is nothing: no other tool writes that alone, with a capital. */
function isEmptyAnswer(value: unknown): boolean {
  const list = member(value, "Findings");
  return (
    Array.isArray(list) &&
    list.length === 0 &&
    Object.keys(value ?? {}).every((key) => key === "Findings" || key === "NextToken")
  );
}

function member(value: unknown, key: string): unknown {
  return value !== null && typeof value === "object" && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** `get-findings` answers in pages (API reference, GetFindings). */
function moreFollow(frame: unknown): boolean {
  const token = member(frame, "NextToken") ?? member(frame, "nextToken");
  return typeof token === "string" && token !== "";
}

function reader(moreFollow: boolean): Reader {
  const subjects = new Subjects();
  let undecided = 0;
  let version = "unknown";
  return {
    item(value) {
      const finding = AsffFinding.parse(value);
      version = finding.SchemaVersion;
      const place = [finding.AwsAccountId, finding.Region ?? finding.Resources?.[0]?.Region];
      subjects.add(place.filter(Boolean).join("/"));
      if (unknownToTool(finding)) undecided += 1;
      return draftsOf(finding);
    },
    end() {
      const missing = [
        ...(moreFollow ? ["further pages of it are not here (NextToken)"] : []),
        ...(undecided > 0 ? [`${undecided} controls could not be evaluated`] : []),
      ].join("; ");
      return {
        tool: { name: "aws-security-hub", version },
        ...subjects.summary,
        complete: missing === "",
        ...(missing === "" ? {} : { missing }),
      };
    },
  };
}
