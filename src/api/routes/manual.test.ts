import { expect, test } from "vitest";
import { approveRight } from "../../model/approval.ts";
import { policyRight } from "../../model/policy-proposal.ts";
import { manualRoutes } from "./manual.ts";

test("every right that anything here asks for can be given, and no other", () => {
  const given = (right: string) =>
    manualRoutes.grantAdd.body.safeParse({ name: "maria", right, service: null, environment: null })
      .success;
  const rights = [approveRight("sre"), "checks.answer:qa", "findings.judge", "risks.accept", policyRight]; // prettier-ignore
  for (const right of rights) expect(given(right), right).toBe(true);
  for (const right of ["approve", "approve:", "approve:SRE", "everything", "approve:sre,qa"]) {
    expect(given(right), right).toBe(false);
  }
});
