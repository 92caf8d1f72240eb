import { equalBytes } from "../../ledger/bytes.ts";
import { type Checkpoint, parseCheckpoint, verifyNote } from "../../ledger/checkpoint.ts";
import { formatVerifierKey, type NoteKey, noteKeyTypes, parseNote } from "../../ledger/note.ts";
import { independentWitnesses } from "../../ledger/quorum.ts";
import type { TrustRoot } from "../../model/trust.ts";
import type { Findings } from "../report.ts";
import { type Checkpoints, ofSize, type ReadCheckpoint } from "./checkpoints.ts";
import { readVerifierKey } from "./keys.ts";
import type { Succession } from "./succession.ts";
import type { Sighting } from "./streams.ts";

/** Who outside of the log's own administration vouches for it, and up to which size. */
export interface Outsiders {
  /** Independent operators that cosigned the pack's own checkpoint. */
  readonly operators: readonly string[];
  /** Operators that cosigned an earlier one, with the size. */
  readonly earlier: ReadonlyMap<string, number>;
  readonly anchors: readonly { readonly size: number; readonly from: string }[];
  readonly sightings: readonly Sighting[];
}

interface Witness {
  readonly key: NoteKey;
  readonly operator: string;
  /** Not run by those who run the log. */
  readonly independent: boolean;
}

/**
 * Counts witnesses by who runs them, never by key, and leaves out those run by the log's own people. The
 * quorum is asked of the pack's own checkpoint.
 */
export function checkOutsiders(
  checkpoints: Checkpoints,
  successions: readonly Succession[],
  trust: TrustRoot,
  findings: Findings,
): Outsiders {
  const voices = voicesOf(trust);
  const witnesses = trust.witnesses.flatMap(({ key: text, operator }): readonly Witness[] => {
    const key = readVerifierKey(text, "witnesses", findings);
    if (key?.type !== noteKeyTypes.cosignature) return [];
    const voice = voices.get(text);
    return [{ key, operator: voice ?? operator, independent: voice !== undefined }];
  });
  const sightings: Sighting[] = [];
  const operators = cosigners(checkpoints.newest, witnesses, sightings, findings);
  const earlier = new Map<string, number>();
  for (const checkpoint of checkpoints.history) {
    for (const operator of cosigners(checkpoint, witnesses, sightings, findings)) {
      if (!operators.has(operator)) earlier.set(operator, checkpoint.size);
    }
  }
  if (operators.size < trust.quorum) {
    const message = `${operators.size} independent ${operators.size === 1 ? "party has" : "parties have"} cosigned, and the trust root asks for ${trust.quorum}`;
    findings.problem("witnesses", { file: checkpoints.newest.file }, message);
  }
  const anchors = trust.anchors.flatMap((anchor, at) => {
    const seen = checkAnchor(anchor, at, checkpoints, successions, findings);
    return seen === null ? [] : [seen];
  });
  return { operators: [...operators].sort(), earlier, anchors, sightings };
}

/** Whose voice each key is: one operator is one, and one key under two names is one (see ledger/quorum.ts). */
function voicesOf(trust: TrustRoot): ReadonlyMap<string, string> {
  try {
    const independent = independentWitnesses(trust);
    return new Map(independent.map(({ key, operator }) => [formatVerifierKey(key), operator]));
  } catch {
    // A key of the trust root is none; that is a finding where keys are read, and nobody counts.
    return new Map();
  }
}

function cosigners(
  { note, size, file }: ReadCheckpoint,
  witnesses: readonly Witness[],
  sightings: Sighting[],
  findings: Findings,
): Set<string> {
  const operators = new Set<string>();
  for (const { key, operator, independent } of witnesses) {
    if (!note.signatures.some(({ name, id }) => name === key.name && id === key.id)) continue;
    findings.seen("witnesses");
    const answer = verifyNote(note, [key]);
    if (!answer.ok) {
      findings.problem("witnesses", { file }, `the cosignature of ${key.name} is wrong`);
      continue;
    }
    for (const { seconds } of answer.verified) {
      if (seconds !== null) sightings.push({ size, at: seconds * 1000, who: key.name });
    }
    if (independent) operators.add(operator);
  }
  return operators;
}

/**
 * It saw more of the predecessor than was left. What the successor owned up to is a note; more is a finding: then
 * somebody knows of less than you do, or says so.
 */
function lostSince(
  seen: Checkpoint,
  { index, predecessor, known }: Succession,
  from: string,
  findings: Findings,
  problem: (message: string) => null,
): null {
  const told = `${seen.origin} had ${seen.size} entries there, and was put back to ${predecessor.size}`;
  if (known !== null && known.origin === seen.origin && seen.size <= known.size) {
    findings.note("succession", `${from}: ${told}; entry ${index} says that they are lost`);
    return null;
  }
  return problem(
    `${told}; entry ${index} owns up to ${known === null ? "no loss at all" : `a loss up to ${known.size} entries`}: more is missing than was said`,
  );
}

/** What was seen earlier has to be in this history; what cannot be connected is a finding, not a shrug. */
function checkAnchor(
  anchor: TrustRoot["anchors"][number],
  at: number,
  checkpoints: Checkpoints,
  successions: readonly Succession[],
  findings: Findings,
): { readonly size: number; readonly from: string } | null {
  const from = anchor.from || `anchor ${at + 1}`;
  const problem = (message: string): null => {
    findings.problem("anchors", { file: `trust root, ${from}` }, message);
    return null;
  };
  findings.seen("anchors");
  let seen: Checkpoint;
  try {
    seen = parseCheckpoint(parseNote(anchor.note).text);
  } catch (error) {
    return problem((error as Error).message);
  }
  const { newest } = checkpoints;
  if (seen.origin !== newest.origin) {
    const end = successions.find(({ predecessor }) => predecessor.origin === seen.origin);
    if (end === undefined) return problem(`it is of another log (${seen.origin})`);
    if (seen.size > end.predecessor.size) return lostSince(seen, end, from, findings, problem);
  }
  if (seen.size > newest.size) {
    return problem(
      `it saw ${seen.size} entries and this pack's tree has ${newest.size}: the pack is older, or the log was set back; export it again`,
    );
  }
  const own = ofSize(checkpoints, seen.size);
  if (own === null) {
    return problem(
      `the pack does not connect size ${seen.size} with its own tree; export it again with --anchor <this checkpoint> or --trust <this trust root>`,
    );
  }
  if (equalBytes(own.root, seen.root)) return { size: seen.size, from };
  return problem(
    `SPLIT VIEW: with ${seen.size} entries the log showed another tree there than it has here; history was rewritten, or two are shown`,
  );
}
