import type { Platform } from "../../model/workload.ts";

/** What the tokens of a platform say, and which of it stays the same for good. */
export interface PlatformFacts {
  readonly title: string;
  /** A rule has to name all of these, exactly: names can be given up and taken by somebody else, these cannot. */
  readonly immutable: readonly string[];
  /** A rule has to name all claims of one of these: what only some people may change. Empty: there is no such thing. */
  readonly protections: readonly (readonly string[])[];
  /** Claims of which one value alone protects anything. */
  readonly onlyValue: Readonly<Record<string, string>>;
  /** A rule has to name one of these, or say that any will do. */
  readonly workflows: readonly string[];
  /** Claims that may be given by their beginning: `…@*`. */
  readonly byBeginning: readonly string[];
  /** What has started it: what strangers can start counts only when the rule names it. */
  readonly started: { readonly by: string; readonly usual: readonly string[] } | null;
  readonly needsNotBefore: boolean;
  /** Kept in records besides the ids. No person's name, login or address. */
  readonly kept: readonly string[];
  readonly runUrl: (claims: Readonly<Record<string, string>>, issuer: string) => string | null;
  /** What it writes as the audience when nobody asked for one. */
  readonly unasked: (audience: string, issuer: string) => boolean;
}

const github: PlatformFacts = {
  title: "GitHub Actions",
  immutable: ["repository_id", "repository_owner_id"],
  protections: [["ref", "ref_type"], ["ref_protected", "ref_type"], ["environment"]],
  onlyValue: { ref_protected: "true" },
  workflows: ["job_workflow_ref", "workflow_ref"],
  byBeginning: ["job_workflow_ref", "workflow_ref"],
  // `pull_request_target` and others say the default branch as their `ref`, and strangers start them.
  started: {
    by: "event_name",
    usual: ["push", "release", "workflow_dispatch", "schedule", "merge_group"],
  },
  needsNotBefore: true,
  kept: [
    "repository",
    "ref",
    "ref_type",
    "ref_protected",
    "sha",
    "event_name",
    "environment",
    "workflow_ref",
    "workflow_sha",
    "job_workflow_ref",
    "job_workflow_sha",
    "run_id",
    "run_attempt",
    "runner_environment",
  ],
  runUrl({ repository, run_id, run_attempt = "1" }, issuer) {
    if (!/^[\w.-]+\/[\w.-]+$/.test(repository ?? "") || !/^\d+$/.test(run_id ?? "")) return null;
    const { hostname } = new URL(issuer);
    const host = hostname.endsWith(".githubusercontent.com") ? "github.com" : hostname;
    const attempt = /^\d+$/.test(run_attempt) ? run_attempt : "1";
    return `https://${host}/${repository}/actions/runs/${run_id}/attempts/${attempt}`;
  },
  unasked: (audience) => /^https:\/\/github\.com\/[^/]+\/?$/i.test(audience),
};

const gitlab: PlatformFacts = {
  title: "GitLab CI",
  immutable: ["project_id", "namespace_id"],
  protections: [["ref_protected", "ref_type"]],
  onlyValue: { ref_protected: "true" },
  workflows: ["ci_config_ref_uri"],
  byBeginning: ["ci_config_ref_uri"],
  started: {
    by: "pipeline_source",
    usual: ["push", "web", "schedule", "api", "trigger", "pipeline", "parent_pipeline"],
  },
  needsNotBefore: true,
  kept: [
    "project_path",
    "ref",
    "ref_type",
    "ref_path",
    "ref_protected",
    "sha",
    "pipeline_source",
    "pipeline_id",
    "job_id",
    "environment",
    "environment_protected",
    "ci_config_ref_uri",
    "ci_config_sha",
    "runner_environment",
  ],
  runUrl({ project_path, job_id }, issuer) {
    if (!/^[\w.-]+(\/[\w.-]+)+$/.test(project_path ?? "") || !/^\d+$/.test(job_id ?? "")) {
      return null;
    }
    return `${issuer.replace(/\/$/, "")}/${project_path}/-/jobs/${job_id}`;
  },
  unasked: (audience, issuer) =>
    [issuer, new URL(issuer).host].includes(audience.replace(/\/$/, "")),
};

const bitbucket: PlatformFacts = {
  title: "Bitbucket Pipelines",
  immutable: ["repositoryUuid", "workspaceUuid"],
  protections: [["branchName"], ["deploymentEnvironmentUuid"]],
  onlyValue: {},
  workflows: [],
  byBeginning: [],
  started: null,
  needsNotBefore: false,
  kept: ["branchName", "pipelineUuid", "stepUuid", "deploymentEnvironmentUuid"],
  runUrl: () => null,
  unasked: (audience) => audience.startsWith("ari:cloud:bitbucket::"),
};

const kubernetes: PlatformFacts = {
  title: "Kubernetes",
  immutable: ["namespace", "serviceaccount.uid"],
  protections: [],
  onlyValue: {},
  workflows: [],
  byBeginning: [],
  started: null,
  needsNotBefore: true,
  kept: ["serviceaccount.name", "pod.name", "pod.uid", "node.name"],
  runUrl: () => null,
  unasked: (audience, issuer) =>
    audience === issuer || /^(https:\/\/)?kubernetes(\.default|$)/.test(audience),
};

const generic: PlatformFacts = {
  title: "an OpenID Connect issuer",
  immutable: ["sub"],
  protections: [],
  onlyValue: {},
  workflows: [],
  byBeginning: [],
  started: null,
  needsNotBefore: false,
  kept: [],
  runUrl: () => null,
  unasked: (audience, issuer) => audience === issuer,
};

export const platforms: Readonly<Record<Platform, PlatformFacts>> = {
  github,
  gitlab,
  bitbucket,
  kubernetes,
  generic,
};

/** Hosts whose tokens are only taken as what they are: a looser platform's rule would leave its ids out. */
export const platformOfHost: Readonly<Record<string, Platform>> = {
  "token.actions.githubusercontent.com": "github",
  "gitlab.com": "gitlab",
  "api.bitbucket.org": "bitbucket",
};

/** Claims that only one platform's tokens have: a rule for any issuer takes none of those. */
export const marks: Readonly<Partial<Record<Platform, string>>> = {
  github: "repository_owner_id",
  gitlab: "namespace_id",
  bitbucket: "repositoryUuid",
  kubernetes: "kubernetes.io",
};

const longestClaim = 500;

/**
 * The claims of a token as texts: strings, numbers and truth values, those of Kubernetes' own object under their path.
 * Lists and objects are left out: nothing compares with them.
 */
export function plainClaims(
  platform: Platform,
  claims: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  const texts = textsOf(claims, "");
  if (platform !== "kubernetes") return texts;
  const own = objectOf(claims["kubernetes.io"]);
  return {
    // What stands outside of it is not about where the pod runs.
    ...(texts["sub"] === undefined ? {} : { sub: texts["sub"] }),
    ...textsOf(own, ""),
    ...textsOf(objectOf(own["serviceaccount"]), "serviceaccount."),
    ...textsOf(objectOf(own["pod"]), "pod."),
    ...textsOf(objectOf(own["node"]), "node."),
  };
}

function textsOf(
  object: Readonly<Record<string, unknown>>,
  before: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) => {
      const kind = typeof value;
      if (kind !== "string" && kind !== "number" && kind !== "boolean") return [];
      const text = String(value);
      // Longer than any rule can say, and than records keep.
      return text.length > longestClaim ? [] : [[`${before}${name}`, text] as const];
    }),
  );
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
