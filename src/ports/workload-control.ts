import type {
  WorkloadExchange,
  WorkloadRuleView,
  WorkloadTestView,
  WorkloadTokenView,
} from "../api/routes/federation.ts";
import type { WorkloadRule } from "../model/workload.ts";
import type { Actor } from "./control-plane.ts";

/** Programs that prove who they are by their platform's signed word. */
export interface WorkloadControl {
  rules(): Promise<readonly WorkloadRuleView[]>;
  /** @throws TidelockError `invalid-input` for a rule that would let in more than anybody meant, `forbidden`, `conflict` */
  addRule(actor: Actor, rule: WorkloadRule): Promise<WorkloadRuleView>;
  removeRule(actor: Actor, reference: string): Promise<WorkloadRuleView>;
  /** What each rule says of a token, without using it. */
  test(token: string): Promise<readonly WorkloadTestView[]>;
  /** @throws TidelockError `unauthenticated` for whoever is not let in, `conflict` where several rules would */
  exchange(wish: WorkloadExchange): Promise<WorkloadTokenView>;
}
