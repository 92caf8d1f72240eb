import type { Assurance, TrustRoot } from "../model/trust.ts";
import { toHex } from "./bytes.ts";
import { type SignedCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { type Note, type NoteKey, noteKeyTypes, parseVerifierKey } from "./note.ts";

/** A witness that an auditor believes to be somebody else than who runs the log. */
export interface IndependentWitness {
  readonly key: NoteKey;
  /** Its operator, in the spelling in which the trust root names it first: one operator is one text. */
  readonly operator: string;
}

/**
 * The witnesses of a trust root that may count. Left out are those run by the log's own operator, those whose
 * operator is not known, and a public key that is there a second time under another name: its owner could give one
 * signature for both (the signed message does not hold the name). The log's own keys are nobody else's either.
 *
 * Throws `invalid-input` for a key that is none.
 */
export function independentWitnesses(
  trust: Pick<TrustRoot, "log" | "witnesses">,
): readonly IndependentWitness[] {
  const taken = new Set(trust.log.keys.map((text) => toHex(parseVerifierKey(text).publicKey)));
  const witnesses: IndependentWitness[] = [];
  const spellings = new Map<string, string>();
  for (const { key: text, operator } of trust.witnesses) {
    const key = parseVerifierKey(text);
    const material = toHex(key.publicKey);
    if (key.type !== noteKeyTypes.cosignature || taken.has(material)) continue;
    taken.add(material);
    if (sameOperator(operator, trust.log.operator) || isUnknown(operator)) continue;
    const spelling = spellings.get(folded(operator)) ?? operator.trim();
    spellings.set(folded(operator), spelling);
    witnesses.push({ key, operator: spelling });
  }
  return witnesses;
}

export type QuorumAnswer =
  | {
      readonly ok: true;
      readonly checkpoint: SignedCheckpoint;
      readonly assurance: Assurance;
      /** Operators that cosigned this checkpoint, each once, in alphabetical order. */
      readonly operators: readonly string[];
    }
  | { readonly ok: false; readonly problem: string };

/**
 * What a checkpoint is worth to somebody with this trust root, and no more (law 13).
 *
 * @param anchors where earlier checkpoints of this history were found, in the caller's words, each verified to be
 *   its beginning
 */
export function assess(
  note: string | Uint8Array | Note,
  trust: TrustRoot | null,
  anchors: readonly string[] = [],
): QuorumAnswer {
  if (trust === null) return { ok: false, problem: "no trust root was given" };
  let witnesses: readonly IndependentWitness[];
  let keys: readonly NoteKey[];
  try {
    witnesses = independentWitnesses(trust);
    keys = trust.log.keys.map(parseVerifierKey);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: `the trust root: ${problem}` };
  }
  const log = { origin: trust.log.origin, keys };
  const answer = verifyCheckpoint(
    note,
    log,
    witnesses.map(({ key }) => key),
  );
  if (!answer.ok) return answer;
  const { checkpoint } = answer;
  const operators = operatorsOf(checkpoint, witnesses);
  if (operators.length < trust.quorum) {
    const problem = `${operators.length} independent parties cosigned the checkpoint of size ${checkpoint.size}; the trust root asks for ${trust.quorum}`;
    return { ok: false, problem };
  }
  return { ok: true, checkpoint, operators, assurance: gradeOf(operators, anchors) };
}

function gradeOf(operators: readonly string[], anchors: readonly string[]): Assurance {
  if (operators.length > 0) {
    return { grade: "witnessed", operators: [...operators], anchors: [...anchors] };
  }
  return anchors.length > 0
    ? { grade: "anchored", anchors: [...anchors] }
    : { grade: "self-signed" };
}

/** One voice for each operator, however many witnesses it runs. */
function operatorsOf(
  { cosignedBy }: SignedCheckpoint,
  witnesses: readonly IndependentWitness[],
): string[] {
  const found = witnesses.filter((one) => cosignedBy.some(({ key }) => one.key === key));
  return [...new Set(found.map(({ operator }) => operator))].sort();
}

/** What looks the same is the same: width, case, spaces, and signs that nobody sees (`\p{Cf}`). */
const folded = (operator: string) =>
  operator
    .normalize("NFKC")
    .replace(/[\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/gu, "")
    .replace(/\s+/gu, " ")
    .trim()
    .toLowerCase();
const sameOperator = (a: string, b: string) => folded(a) === folded(b);
const isUnknown = (operator: string) => ["", "unknown"].includes(folded(operator));
