import canonicalize from "canonicalize";
import { decodeUtf8 } from "../../evidence/bytes.ts";
import { decision as decisionKind } from "../../evidence/predicates/decision.ts";
import { digestOf } from "../../model/canonical.ts";
import { evaluator } from "../../policy/decide.ts";
import { decisionRecord } from "../../policy/record.ts";
import { type Replay, replay } from "../../policy/replay.ts";
import { digestBytes } from "../digest.ts";
import { paths } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import { Attested, DecisionReplayable } from "../payloads.ts";
import type { Findings } from "../report.ts";
import type { Attestation } from "./attestations.ts";
import type { Blobs } from "./blobs.ts";
import { conformanceDifferences } from "./conformance.ts";
import { inputsNotOnRecord } from "./decision-inputs.ts";
import type { PromotionStory } from "./story.ts";

/** One decision of the log, and what making it once more came to. */
export interface DecisionAgain {
  readonly entry: number;
  readonly operation: string;
  readonly stream: string;
  readonly outcome: string | null;
  /** Digest of the whole decision: as the entry says, and as it follows from the inputs. Null: not known. */
  readonly recorded: string | null;
  readonly recomputed: string | null;
  readonly inputs: string | null;
  /** Version of the rules that decided. */
  readonly evaluator: string | null;
  readonly policy: string | null;
  /** `unknown`: it could not be made again here, which says nothing against it and nothing for it. */
  readonly result: "same" | "differs" | "unknown";
  /** Where they part, or why nobody can tell. */
  readonly why: readonly string[];
}

/** How many decisions follow again from their inputs; the others, each with the reason. */
export interface DecisionsReplayed {
  readonly replayed: number;
  readonly notReplayable: readonly {
    readonly entry: number;
    readonly operation: string;
    readonly reason: string;
  }[];
}

/**
 * Makes every decision once more, by the same pure rules, from the inputs that the pack brings, and compares what
 * comes out with what the entry and the signed statement say, canonical byte for byte. A decision that cannot be
 * made again for a good reason (erased, other rules) is counted and named, never passed over; anything else that
 * differs fails.
 */
export function replayDecisions(
  entries: readonly LogEntry[],
  files: ReadonlyMap<string, Uint8Array>,
  promotions: readonly PromotionStory[],
  attestations: readonly Attestation[],
  blobs: Blobs,
  findings: Findings,
  shared: ReadonlySet<string> = new Set(),
): { readonly decisions: DecisionsReplayed; readonly each: readonly DecisionAgain[] } {
  const stories = new Map(promotions.map((promotion) => [promotion.id, promotion]));
  const statements = new Map(attestations.map((attestation) => [attestation.digest, attestation]));
  const notReplayable: DecisionsReplayed["notReplayable"][number][] = [];
  const each: DecisionAgain[] = [];
  let replayed = 0;
  let kept = false;
  for (const entry of entries) {
    const { leaf, index, payload } = entry;
    if (leaf.kind !== "decision.made") continue;
    findings.seen("decisions");
    const at = { file: paths.entries, entry: index, stream: leaf.stream };
    const tell = (
      result: DecisionAgain["result"],
      why: readonly string[],
      again: Replay | null = null,
    ): void => {
      each.push({
        entry: index,
        operation: leaf.operation,
        stream: leaf.stream,
        ...recordedIn(payload),
        recomputed: again?.ok ? digestOf(again.decided.decision) : null,
        result,
        why,
      });
    };
    const say = (message: string): void =>
      findings.problem("decisions", at, `the decision ${leaf.operation}: ${message}`);
    const problem = (message: string): void => {
      say(message);
      tell("differs", [message]);
    };
    const pass = (reason: string): void => {
      notReplayable.push({ entry: index, operation: leaf.operation, reason });
      tell("unknown", [reason]);
    };
    if (payload === null) {
      pass("erased");
      continue;
    }
    const named = DecisionReplayable.safeParse(payload);
    if (!named.success) {
      // Once inputs are kept they are kept: a later decision without them was not made by this program.
      if (kept) problem("it names no inputs and no evaluator, and decisions before it do");
      else pass("it was made by a version that kept no inputs");
      continue;
    }
    kept = true;
    const { inputs, evaluator: by } = named.data;
    const bytes = files.get(paths.blob(inputs));
    if (bytes === undefined) {
      if (blobs.isErased(inputs)) pass("erased: its inputs are gone");
      else problem(`its inputs (${inputs}) are missing`);
    } else if (digestBytes(bytes) !== inputs) {
      problem(`the inputs here do not have the digest that the entry names (${inputs})`);
    } else if (by !== evaluator) {
      pass(`decided by evaluator ${by}, this verifier has ${evaluator}`);
    } else {
      const again = replay(decodeUtf8(bytes) ?? "");
      const story = stories.get(leaf.operation.split("/", 1)[0] ?? "");
      const wrong = [
        ...differences(again, entry, statements),
        ...(again.ok ? inputsNotOnRecord(again.inputs, entry, story, entries, files, shared) : []),
        ...(again.ok
          ? conformanceDifferences(
              again,
              leaf.operation.split("/", 1)[0] ?? "",
              (Attested.safeParse(payload).data?.attestations ?? []).flatMap(
                (digest) => statements.get(digest) ?? [],
              ),
              attestations,
              files,
              (digest) => blobs.isErased(digest),
            )
          : []),
      ];
      if (wrong.length === 0) replayed += 1;
      for (const message of wrong) say(message);
      tell(wrong.length === 0 ? "same" : "differs", wrong, again);
    }
  }
  return { decisions: { replayed, notReplayable }, each };
}

/** What an entry says of itself, as far as it is of the form that it should have. */
function recordedIn(
  payload: LogEntry["payload"],
): Pick<DecisionAgain, "outcome" | "recorded" | "inputs" | "evaluator" | "policy"> {
  const said = (part: string): string | null => {
    const value = payload?.[part];
    return typeof value === "string" ? value : null;
  };
  return {
    outcome: said("outcome"),
    recorded: said("decision"),
    inputs: said("inputs"),
    evaluator: said("evaluator"),
    policy: said("policy"),
  };
}

/** What the entry and the signed statement say otherwise than the inputs decide. */
function differences(
  again: Replay,
  { payload }: LogEntry,
  statements: ReadonlyMap<string, Attestation>,
): readonly string[] {
  if (!again.ok) return [`its inputs are not those of a decision: ${again.problem}`];
  const { decision } = again.decided;
  const wrong: string[] = [];
  for (const [part, value] of Object.entries(decisionRecord(decision))) {
    if (canonicalize(payload?.[part]) === canonicalize(value)) continue;
    wrong.push(
      part === "outcome"
        ? `it says ${String(payload?.[part])}, and from its inputs follows ${decision.outcome}`
        : `its ${part} ${part.endsWith("s") ? "are" : "is"} not what follows from its inputs`,
    );
  }
  for (const digest of Attested.safeParse(payload).data?.attestations ?? []) {
    const statement = statements.get(digest);
    if (statement?.predicateType !== decisionKind.type) continue;
    if (canonicalize(statement.predicate["decision"]) === canonicalize(decision)) continue;
    wrong.push(`the signed statement ${digest} states another decision than follows from it`);
  }
  return wrong;
}
