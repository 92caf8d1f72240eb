import { digestBytes } from "../../evidence/bytes.ts";
import { encodeEnvelope } from "../../evidence/dsse.ts";
import { decision as decisionKind } from "../../evidence/predicates/decision.ts";
import { releaseSubjects } from "../../evidence/predicates/release-signature.ts";
import { makeStatement, signStatement } from "../../evidence/statement.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Decision } from "../../model/decision.ts";
import { databaseTime, insertOwnAttestations } from "../../store/queries/attestations.ts";
import type { Standing } from "../../store/queries/contradictions.ts";
import type { Db } from "../../store/schema.ts";
import { policyDigest } from "../attestations/attest.ts";
import type { Engine } from "../engine.ts";

/** Signed statements about many decisions at once, as `attestDecision` makes one. Answers their digests, in order. */
export async function attestRedecisions(
  engine: Engine,
  tx: Db,
  made: readonly {
    readonly standing: Standing;
    readonly decided: { readonly decision: Decision };
  }[],
): Promise<readonly Digest[]> {
  if (made.length === 0) return [];
  const signer = await engine.log.evidenceSigner(tx);
  const decidedOn = await databaseTime(tx);
  const envelopes = await Promise.all(
    made.map(async ({ standing, decided: { decision } }) => {
      const { service, environment, release, configuration, colour, promotion } = standing;
      const policy = policyDigest(standing.policy);
      const predicate = {
        address: { service, environment, colour, release, configuration, promotion, policy },
        step: { index: standing.next_step, kind: "unknown" },
        plan: standing.plan_digest,
        decision,
        decidedOn,
      };
      const subjects = releaseSubjects(standing.content);
      const statement = makeStatement(subjects, decisionKind.type, predicate);
      const bytes = encodeEnvelope(await signStatement(signer, statement));
      return { release, about: promotion, digest: digestBytes(bytes), bytes };
    }),
  );
  await insertOwnAttestations(tx, decisionKind.type, envelopes);
  return envelopes.map(({ digest }) => digest);
}
