import type { AskedOf } from "../../evidence/predicates/manual-answer.ts";
import type { CheckRequestRow } from "../../store/schema-manual.ts";

/** What the answer of one person to a request has to say that it is about. */
export function askedOf(request: CheckRequestRow, person: string): AskedOf {
  return {
    request: request.id,
    ledger: request.ledger,
    person,
    role: request.role,
    check: request.check,
    service: request.service,
    environment: request.environment,
    colour: request.colour,
    promotion: request.promotion,
    release: request.release,
    configuration: request.configuration,
    plan: request.plan,
    form: request.form_digest,
  };
}
