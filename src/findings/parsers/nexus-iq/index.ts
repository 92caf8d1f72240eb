import { z } from "zod";
import type { Severity } from "../../../model/observation.ts";
import type { Draft } from "../../observe.ts";
import { type Format, fieldsOf, isRecord } from "../format.ts";
import { flag, listOf, number, words } from "../lenient.ts";
import { namesIn, namesOf } from "../package-names.ts";
import { rank } from "../package-ratings.ts";
import { componentFields, placeOf } from "./component.ts";

const Issue = z.object({
  source: words,
  reference: words,
  severity: number,
  status: words,
  url: words,
  threatCategory: words,
  cwe: words,
  cvssVector: words,
  analysis: z
    .object({ state: words, justification: words, detail: words })
    .nullish()
    .catch(undefined),
});

const Condition = z.object({
  conditionSummary: words,
  conditionReason: words,
  summary: words,
  reason: words,
  reference: z.object({ value: words }).nullish().catch(undefined),
  conditionTriggerReference: z.object({ value: words }).nullish().catch(undefined),
});

const Constraint = z.object({
  constraintName: words,
  conditions: listOf(Condition).catch([]),
  conditionFacts: listOf(Condition).catch([]),
  reasons: listOf(z.object({ reason: words })).catch([]),
});

const Violation = z.object({
  policyId: words,
  policyName: words,
  policyViolationId: words,
  policyThreatLevel: number,
  policyThreatCategory: words,
  waived: flag,
  constraints: listOf(Constraint).catch([]),
});

/** A component of a report, with its vulnerabilities or with the policies that it violates. */
const Component = z.object({
  ...componentFields,
  securityData: z.object({ securityIssues: listOf(Issue) }).nullish(),
  violations: listOf(Violation),
});

/** Of `components/details`, where what names it stands one level deeper. */
const Details = z.object({
  component: z.object(componentFields),
  securityData: z.object({ securityIssues: listOf(Issue) }).nullish(),
});

/** Of the command line's result file. */
const Alert = z.object({
  trigger: z.object({
    policyId: words,
    policyName: words,
    threatLevel: number,
    policyViolationId: words,
    componentFacts: listOf(
      z.object({ ...componentFields, constraintFacts: listOf(Constraint).catch([]) }),
    ),
  }),
});

const Frame = z.object({
  reportTime: number,
  reportTitle: words,
  applicationId: words,
  application: z.object({ publicId: words, name: words }).nullish().catch(undefined),
  matchSummary: z
    .object({ totalComponentCount: number, knownComponentCount: number })
    .nullish()
    .catch(undefined),
});

/**
 * Sonatype Nexus IQ (Lifecycle): its application report by REST with vulnerabilities, the same with policy violations,
 * the details of single components, and what its command line writes to a result file.
 */
export const nexusIq: Format = {
  id: "nexus-iq",
  title: "Sonatype Nexus IQ",
  syntax: "json",
  items: [
    { path: ["components", "*"] },
    { path: ["componentDetails", "*"] },
    { path: ["policyEvaluationResult", "alerts", "*"] },
  ],
  recognise(sample) {
    const value = fieldsOf(sample);
    if (value === undefined) return false;
    const result = value["policyEvaluationResult"];
    if (isRecord(result) && Array.isArray(result["alerts"])) return true;
    const [first] = list(value["components"]);
    const [detail] = list(value["componentDetails"]);
    return (
      (isRecord(first) && "componentIdentifier" in first && "matchState" in first) ||
      (isRecord(detail) && isRecord(detail["component"]) && "securityData" in detail) ||
      (Array.isArray(value["components"]) && isRecord(value["matchSummary"]))
    );
  },
  open(value) {
    const alerts = isRecord(value) ? value["policyEvaluationResult"] : undefined;
    if (
      !isRecord(value) ||
      ![
        value["components"],
        value["componentDetails"],
        isRecord(alerts) ? alerts["alerts"] : undefined,
      ].some(Array.isArray)
    ) {
      throw new Error("it has no components and no alerts");
    }
    const frame = Frame.parse(value);
    let packages = 0;
    return {
      item(one, { item }) {
        packages += 1;
        if (item === 2) return alertHits(Alert.parse(one));
        if (item === 1) {
          const { component, securityData } = Details.parse(one);
          return issueHits(securityData?.securityIssues ?? [], placeOf(component));
        }
        const component = Component.parse(one);
        const place = placeOf(component);
        return [
          ...issueHits(component.securityData?.securityIssues ?? [], place),
          ...component.violations.flatMap((violation) => violationHits(violation, place)),
        ];
      },
      end() {
        const { application, applicationId, reportTime } = frame;
        const subject = application?.publicId ?? application?.name ?? applicationId;
        const made = reportTime === undefined ? undefined : new Date(reportTime);
        return {
          complete: true,
          tool: { name: "nexus-iq", version: "unknown" },
          exercised: { packages },
          ...(subject === undefined ? {} : { subject }),
          ...(made === undefined || Number.isNaN(made.getTime())
            ? {}
            : { madeAt: made.toISOString() }),
        };
      },
    };
  },
};

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Issues that somebody took off the list there are no less there. */
const setAside = /^(?:not applicable|acknowledged|waived)$/i;

function issueHits(
  issues: readonly z.infer<typeof Issue>[],
  place: Draft["place"],
): readonly Draft[] {
  return issues.map((issue) => {
    const named = namesOf([issue.reference]);
    return {
      kind: "dependency",
      ...named,
      ...rank([{ score: issue.severity, vector: issue.cvssVector, method: "3.1" }]),
      title: `${named.rule} in ${place.kind === "package" ? place.name : ""}`,
      message: issue.analysis?.detail ?? "",
      place,
      cwe: [Number(/\d+/.exec(issue.cwe ?? "")?.[0])],
      references: issue.url === undefined ? [] : [issue.url],
      suppressed: setAside.test(issue.status ?? ""),
    };
  });
}

/** Its threat levels, of 0 to 10 (help.sonatype.com, "Understanding the Parts of a Policy"). */
function severityOfThreat(level: number | undefined): Severity | null {
  if (level === undefined) return null;
  if (level >= 8) return "critical";
  if (level >= 4) return "high";
  if (level >= 2) return "medium";
  return level >= 1 ? "low" : "info";
}

/** One about vulnerabilities is one hit for each of them; any other is one for the policy. */
function violationHits(one: z.infer<typeof Violation>, place: Draft["place"]): readonly Draft[] {
  return policyHits({
    policy: one.policyName ?? one.policyId ?? "policy",
    category: one.policyThreatCategory,
    level: one.policyThreatLevel,
    native: one.policyViolationId,
    waived: one.waived ?? false,
    constraints: one.constraints,
    place,
  });
}

function alertHits({ trigger }: z.infer<typeof Alert>): readonly Draft[] {
  return trigger.componentFacts.flatMap((fact) =>
    policyHits({
      policy: trigger.policyName ?? trigger.policyId ?? "policy",
      category: undefined,
      level: trigger.threatLevel,
      native: trigger.policyViolationId,
      waived: false,
      constraints: fact.constraintFacts,
      place: placeOf(fact),
    }),
  );
}

interface Violated {
  readonly policy: string;
  readonly category: string | undefined;
  readonly level: number | undefined;
  readonly native: string | undefined;
  readonly waived: boolean;
  readonly constraints: readonly z.infer<typeof Constraint>[];
  readonly place: Draft["place"];
}

function policyHits({
  policy,
  category,
  level,
  native,
  waived,
  constraints,
  place,
}: Violated): readonly Draft[] {
  const conditions = constraints.flatMap((one) => [...one.conditions, ...one.conditionFacts]);
  const reasons = [
    ...conditions.map(
      (one) => one.conditionReason ?? one.reason ?? one.conditionSummary ?? one.summary,
    ),
    ...constraints.flatMap((one) => one.reasons.map(({ reason }) => reason)),
  ].filter((reason) => reason !== undefined);
  const text = [...new Set(reasons)].join("\n");
  const vulnerabilities = new Set([
    ...conditions
      .flatMap((one) =>
        [one.reference?.value, one.conditionTriggerReference?.value].flatMap((id) => id ?? []),
      )
      .flatMap(namesIn),
    ...reasons.flatMap(namesIn),
  ]);
  const shared = {
    severity: severityOfThreat(level),
    title: `${policy}: ${reasons[0] ?? "violated"}`,
    message: text,
    place,
    suppressed: waived,
  };
  if (vulnerabilities.size > 0) {
    return [...vulnerabilities].map((id) => ({
      ...shared,
      kind: "dependency" as const,
      ...namesOf([id]),
      scope: policy,
    }));
  }
  const license = /licen[cs]e/i.test(category ?? `${policy} ${text}`);
  return [
    {
      ...shared,
      kind: license ? "license" : "dependency",
      rule: policy,
      ...(native === undefined ? {} : { fingerprints: { "nexus-iq/policyViolationId": native } }),
    },
  ];
}
