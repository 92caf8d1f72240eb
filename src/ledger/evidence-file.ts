import { z } from "zod";
import { VerifierKey } from "../model/trust.ts";
import { fromBase64, malformed, toBase64 } from "./bytes.ts";
import type { ConsistencyClaim, TwoCheckpoints } from "./divergence.ts";
import { formatVerifierKey, parseVerifierKey } from "./note.ts";
import { type HashSource, proveConsistency, rootFromHashes } from "./proof.ts";

/** Two checkpoints that do not belong together, as a file to hand to somebody else. */
const EvidenceFile = z.strictObject({
  kind: z.literal("LedgerEvidence"),
  formatVersion: z.literal(1),
  origin: z.string().min(1),
  /** For the reader's orientation: who judges brings the log's keys along. */
  keys: z.array(VerifierKey),
  earlier: z.string().max(1_000_000),
  later: z.string().max(1_000_000),
  /** Base64: a consistency proof between them, and the root that the bigger tree has at the smaller one's size. */
  proof: z.array(z.string()).max(64).nullable(),
  prefixRoot: z.string().nullable(),
});

const maxBytes = 4_000_000;

export function formatEvidence(given: TwoCheckpoints): string {
  const { origin, keys, earlier, later, proof } = given;
  const file: z.infer<typeof EvidenceFile> = {
    kind: "LedgerEvidence",
    formatVersion: 1,
    origin,
    keys: keys.map(formatVerifierKey),
    earlier,
    later,
    proof: proof?.proof.map(toBase64) ?? null,
    prefixRoot: proof?.prefixRoot === undefined ? null : toBase64(proof.prefixRoot),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Throws `invalid-input`. The keys in it are only claimed. */
export function parseEvidence(text: string): TwoCheckpoints {
  if (text.length > maxBytes) throw malformed("the evidence is longer than 4 MB");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("the evidence is not JSON");
  }
  const parsed = EvidenceFile.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw malformed(
      `the evidence has not its form: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    );
  }
  const { origin, keys, earlier, later, proof, prefixRoot } = parsed.data;
  const claim: ConsistencyClaim | null =
    proof === null
      ? null
      : {
          proof: proof.map((hash) => fromBase64(hash, "a hash of the proof")),
          ...(prefixRoot === null
            ? {}
            : { prefixRoot: fromBase64(prefixRoot, "the prefix's root") }),
        };
  return { origin, keys: keys.map(parseVerifierKey), earlier, later, proof: claim };
}

/** What a tree says of its own beginning: with a checkpoint that says otherwise it proves a fork. */
export async function claimOf(
  from: number,
  to: number,
  hashAt: HashSource,
): Promise<ConsistencyClaim> {
  const proof = await proveConsistency(from, to, hashAt);
  return { proof, prefixRoot: await rootFromHashes(from, hashAt) };
}
