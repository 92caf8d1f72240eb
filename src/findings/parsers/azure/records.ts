import { z } from "zod";
import type { Draft } from "../../observe.ts";
import { severityOfWord } from "../severity-words.ts";

const text = z.string().nullish();

const Resource = z.object({
  id: text,
  Id: text,
  ResourceId: text,
  source: text,
  Source: text,
});

const Assessment = z.object({
  displayName: text,
  /** Of a sub-assessment: the check's own number. */
  id: text,
  resourceDetails: Resource.nullish(),
  status: z.object({ code: text, cause: text, description: text, severity: text }),
  metadata: z.object({ severity: text, description: text, remediationDescription: text }).nullish(),
  description: text,
  impact: text,
  remediation: text,
  links: z.object({ azurePortal: text, azurePortalUri: text }).nullish(),
  additionalData: z
    .object({ cve: z.array(z.object({ title: text, link: text })).nullish() })
    .nullish()
    .catch(null),
});

const Alert = z.object({
  alertDisplayName: text,
  alertType: text,
  systemAlertId: text,
  severity: text,
  status: text,
  description: text,
  compromisedEntity: text,
  alertUri: text,
  resourceIdentifiers: z
    .array(z.object({ azureResourceId: text }))
    .nullish()
    .catch(null),
});

const State = z.object({
  resourceId: z.string(),
  policyDefinitionId: z.string(),
  policyDefinitionName: text,
  policyDefinitionReferenceId: text,
  policyAssignmentId: text,
  policyAssignmentName: text,
  complianceState: z.string(),
  subscriptionId: text,
});

const Typed = z.object({
  type: z.string(),
  id: text,
  name: text,
  /** The REST API wraps; `az` flattens. */
  properties: z.record(z.string(), z.unknown()).nullish(),
});

/** Nobody could tell: the report is not whole. */
export const undecided = Symbol("undecided");

export interface Read {
  readonly subscription: string | undefined;
  /** Null: it says that all is well. */
  readonly draft: Draft | typeof undecided | null;
}

export function isAzure(value: unknown): boolean {
  if (State.safeParse(value).success) return true;
  const typed = Typed.safeParse(value);
  return typed.success && kindOf(typed.data.type) !== null;
}

/**
 * Assessments: `Unhealthy` is a hit, `Healthy` none, and `NotApplicable` none (an exemption or a policy says so:
 * Azure's own word, never ours for a waiver). Alerts: `Active` and `InProgress` are hits, `Resolved` is stated as
 * fixed, `Dismissed` is a hit marked as suppressed. Policy: `NonCompliant` is a hit of no stated severity, `Exempt`
 * one marked as suppressed; `Conflict`, `Error` and `Unknown` leave the report incomplete.
 */
export function recordOf(value: unknown): Read {
  const state = State.safeParse(value);
  if (state.success) return stateRecord(state.data);
  const typed = Typed.parse(value);
  const { id, name } = typed;
  const inside = typed.properties ?? value;
  switch (kindOf(typed.type)) {
    case "assessment":
      return assessmentRecord(id ?? "", name ?? "", Assessment.parse(inside));
    case "alert":
      return alertRecord(id ?? "", Alert.parse(inside));
    case null:
      throw new Error(`a record of the unknown type ${typed.type.slice(0, 100)}`);
  }
}

function kindOf(type: string): "assessment" | "alert" | null {
  if (/^microsoft\.security\/assessments(\/subassessments)?$/i.test(type)) return "assessment";
  return /^microsoft\.security\/(locations\/)?alerts$/i.test(type) ? "alert" : null;
}

function assessmentRecord(id: string, name: string, found: z.infer<typeof Assessment>): Read {
  const { resourceDetails, status, metadata, links } = found;
  const resource =
    resourceDetails?.id ?? resourceDetails?.Id ?? resourceDetails?.ResourceId ?? scopeOf(id);
  const subscription = subscriptionOf(resource || id);
  const code = status.code?.toLowerCase();
  if (code === "healthy" || code === "notapplicable") return { subscription, draft: null };
  if (code !== "unhealthy") return { subscription, draft: undecided };
  const cves = (found.additionalData?.cve ?? []).flatMap(({ title }) => (title ? [title] : []));
  const message = [
    metadata?.description ?? found.description ?? status.description,
    found.impact,
    metadata?.remediationDescription ?? found.remediation,
  ];
  const link = links?.azurePortal ?? links?.azurePortalUri;
  return {
    subscription,
    draft: {
      rule: found.id ?? (name || (found.displayName ?? "")),
      severity: severityOfWord(metadata?.severity ?? status.severity),
      title: found.displayName ?? undefined,
      message: message.filter(Boolean).join("\n"),
      place: { kind: "resource", name: resource || "unknown" },
      kind: "infrastructure",
      aliases: cves,
      references: link ? [/^https?:/i.test(link) ? link : `https://${link}`] : [],
      ...(id === "" ? {} : { fingerprints: { "azure-id": id.toLowerCase() } }),
    },
  };
}

function alertRecord(id: string, alert: z.infer<typeof Alert>): Read {
  const resource =
    alert.resourceIdentifiers?.find(({ azureResourceId }) => azureResourceId)?.azureResourceId ??
    alert.compromisedEntity ??
    "unknown";
  const resolved = alert.status?.toLowerCase() === "resolved";
  return {
    subscription: subscriptionOf(id),
    draft: {
      rule: alert.alertType ?? alert.alertDisplayName ?? "",
      severity: severityOfWord(alert.severity),
      title: alert.alertDisplayName ?? undefined,
      message: alert.description ?? undefined,
      place: { kind: "resource", name: resource },
      kind: "runtime",
      references: alert.alertUri ? [alert.alertUri] : [],
      suppressed: alert.status?.toLowerCase() === "dismissed",
      ...(alert.systemAlertId ? { fingerprints: { "azure-alert": alert.systemAlertId } } : {}),
      ...(resolved ? { claim: { status: "fixed", statement: "the alert is resolved" } } : {}),
    },
  };
}

function stateRecord(state: z.infer<typeof State>): Read {
  const subscription = state.subscriptionId ?? subscriptionOf(state.resourceId);
  const word = state.complianceState.toLowerCase();
  if (word === "compliant" || word === "protected") return { subscription, draft: null };
  if (word !== "noncompliant" && word !== "exempt") return { subscription, draft: undecided };
  const policy = state.policyDefinitionReferenceId ?? state.policyDefinitionName;
  return {
    subscription,
    draft: {
      rule: state.policyDefinitionName ?? state.policyDefinitionId,
      severity: "medium",
      severityStated: false,
      title: `${policy ?? state.policyDefinitionId} is not complied with`,
      message: `Assignment: ${state.policyAssignmentName ?? state.policyAssignmentId ?? "unknown"}`,
      place: { kind: "resource", name: state.resourceId },
      kind: "infrastructure",
      suppressed: word === "exempt",
      // Resource ids compare without case; one policy can be assigned to one resource more than once.
      fingerprints: {
        "azure-policy": [state.resourceId, state.policyAssignmentId, state.policyDefinitionId]
          .join("#")
          .toLowerCase(),
      },
    },
  };
}

/** What stands before the assessment in its id. */
function scopeOf(id: string): string {
  const end = id.search(/\/providers\/microsoft\.security\//i);
  return end > 0 ? id.slice(0, end) : id;
}

function subscriptionOf(id: string): string | undefined {
  return /\/subscriptions\/([^/]+)/i.exec(id.slice(0, 512))?.[1]?.toLowerCase();
}
