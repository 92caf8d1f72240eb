import type { z } from "zod";
import { type Address, addressDifferences } from "../address.ts";
import { readEnvelope, statementPayloadType, verifyEnvelope } from "../dsse.ts";
import type { PublicKey } from "../keys.ts";
import { checkShape } from "../read-json.ts";
import { bad, good, type Result } from "../result.ts";
import { readStatement, subjectDigests } from "../statement.ts";

/** A kind of predicate: its URI and what stands in it. Ours are strict; foreign ones are read loosely. */
export interface PredicateKind<T extends z.ZodType> {
  readonly type: string;
  readonly schema: T;
}

/** A predicate of ours says where it was made. */
type Addressed = z.ZodType<{ readonly address: Address }>;

/**
 * Whether an envelope of ours is evidence for exactly `expected`: signed by a trusted key, of the expected
 * kind, about this release, and made at this address under this policy (law 3). Evidence from another
 * environment, colour, configuration, promotion or policy is refused with every difference named.
 */
export function verifyOwnEvidence<T extends Addressed>(
  bytes: Uint8Array,
  kind: PredicateKind<T>,
  trust: {
    readonly keys: readonly PublicKey[];
    readonly threshold?: number;
    readonly expected: Address;
  },
): Result<z.output<T>> {
  const envelope = readEnvelope(bytes);
  if (!envelope.ok) return envelope;
  const verified = verifyEnvelope(envelope.value, { ...trust, payloadType: statementPayloadType });
  if (!verified.ok) return verified;
  const statement = readStatement(verified.value.payload);
  if (!statement.ok) return statement;
  if (statement.value.predicateType !== kind.type) {
    return bad(`it states ${statement.value.predicateType}, and ${kind.type} is expected`);
  }
  const { expected } = trust;
  if (!subjectDigests(statement.value).includes(expected.release)) {
    return bad(`none of its subjects is the release ${expected.release}`);
  }
  const predicate = checkShape(statement.value.predicate, kind.schema, "the predicate");
  if (!predicate.ok) return predicate;
  const differences = addressDifferences(predicate.value.address, expected);
  return differences.length === 0
    ? good(predicate.value)
    : bad(`it was made for something else: ${differences.join("; ")}`);
}
