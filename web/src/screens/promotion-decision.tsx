import type { PromotionView } from "../../../src/api/views.ts";
import { Foreign } from "../parts/foreign.tsx";
import { State } from "../parts/status.tsx";

export function DecisionPart({ decision }: { readonly decision: PromotionView["decision"] }) {
  return (
    <section aria-labelledby="decision">
      <h2 id="decision">Decision</h2>
      {decision === null ? (
        <p className="muted">The gate has not decided yet.</p>
      ) : (
        <>
          <p>
            <State state={decision.outcome} /> isolation {decision.grades.isolation}, identity{" "}
            {decision.grades.identity}, governance {decision.grades.governance}
          </p>
          <table>
            <thead>
              <tr>
                <th scope="col">Says</th>
                <th scope="col">Rule</th>
                <th scope="col">Reason</th>
              </tr>
            </thead>
            <tbody>
              {decision.reasons.map((reason) => (
                <tr key={`${reason.rule} ${reason.message}`}>
                  <td>
                    <State state={reason.outcome} />
                  </td>
                  <th scope="row">
                    <code>{reason.rule}</code>
                  </th>
                  <td>
                    <Foreign text={reason.message} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className="muted">
            Digest of every input: <code className="digest">{decision.inputs}</code>
          </p>
        </>
      )}
    </section>
  );
}
