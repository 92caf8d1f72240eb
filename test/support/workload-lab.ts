import type { WorkloadRule } from "../../src/model/workload.ts";
import { AccessLab, type Answer } from "./access-lab.ts";
import { audience, TestIssuer } from "./issuer.ts";

/** Servers that know an issuer of our own, and rules for it. */
export class WorkloadLab {
  readonly access: AccessLab;
  readonly issuer: TestIssuer;

  private constructor(access: AccessLab, issuer: TestIssuer) {
    this.access = access;
    this.issuer = issuer;
  }

  static async create(): Promise<WorkloadLab> {
    const issuer = await TestIssuer.start();
    return new WorkloadLab(
      await AccessLab.create({ settings: { issuerOrigins: [issuer.url] } }),
      issuer,
    );
  }

  /** A rule for the main branch of a repository at GitHub, but for what a test says. */
  rule(name: string, more: Partial<WorkloadRule> = {}): WorkloadRule {
    return {
      name,
      platform: "github",
      issuer: this.issuer.url,
      audience,
      claims: {
        repository_id: ["424242"],
        repository_owner_id: ["2020"],
        ref: ["refs/heads/main"],
        ref_type: ["branch"],
        job_workflow_ref: ["shop-org/shop/.github/workflows/release.yml@*"],
      },
      anyWorkflow: false,
      role: "ci",
      service: "shop",
      environment: null,
      lastsMs: 900_000,
      maxAgeMs: 3_600_000,
      jwks: null,
      ...more,
    };
  }

  async add(rule: WorkloadRule, by = this.access.bootstrap): Promise<Answer> {
    return this.access.ask(by, "POST", "/api/v1/workload/rules", rule);
  }

  async remove(rule: string): Promise<Answer> {
    return this.access.ask(this.access.bootstrap, "DELETE", `/api/v1/workload/rules/${rule}`);
  }

  async exchange(token: string, { server = 0, rule }: { server?: number; rule?: string } = {}) {
    const payload = { token, ...(rule === undefined ? {} : { rule }) };
    return this.access.ask(null, "POST", "/api/v1/workload/token", payload, { server });
  }

  /** What a refusal says. */
  async refusal(token: string): Promise<string> {
    const { status, body } = await this.exchange(token);
    const error = body["error"] as { message?: string } | undefined;
    return `${status} ${error?.message ?? "was let in"}`;
  }

  async close(): Promise<void> {
    await this.access.close();
    await this.issuer.close();
  }
}
