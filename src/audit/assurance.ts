import type { Assurance } from "../model/trust.ts";
import type { Pack } from "./read-pack.ts";
import type { Reached } from "./verify-pack.ts";

/** The grade that was reached, and never more (law 13). */
export function assuranceOf({ trust, outsiders }: Reached): Assurance {
  if (trust === null || outsiders === null) return { grade: "consistent-not-authenticated" };
  // Whoever made the trust root noted where each is from; nothing shows that, and no outside party says so.
  const anchors = outsiders.anchors.map(
    ({ from, size }) => `the checkpoint in your trust root (size ${size}, noted as "${from}")`,
  );
  if (outsiders.operators.length > 0) {
    return { grade: "witnessed", operators: [...outsiders.operators], anchors };
  }
  return anchors.length > 0 ? { grade: "anchored", anchors } : { grade: "self-signed" };
}

/** What the pack cannot show under this trust root, in whole sentences. */
export function unknownsOf(pack: Pack, reached: Reached): readonly string[] {
  const { trust, outsiders, entries, erased, checkpoints, decisions, successions } = reached;
  const { size } = checkpoints.newest;
  const says: string[] = [];
  if (trust === null) {
    says.push(
      "Who made this pack is unknown: no trust root was given, so anybody could have made all of it. Verify it with --trust and a file from people you believe.",
    );
  } else if (outsiders !== null) {
    const anchored = Math.max(0, ...outsiders.anchors.map((anchor) => anchor.size));
    const earlier = Math.max(0, ...outsiders.earlier.values());
    const seen = Math.max(anchored, earlier);
    if (outsiders.operators.length === 0 && seen === 0) {
      says.push(
        "Nobody outside vouches for this history: no independent witness cosigned it and no earlier checkpoint was given. Whoever holds the log's key and the database could have rewritten everything before this export, dropped a failed run or changed the key history, and this verification could not have noticed.",
      );
    } else if (outsiders.operators.length === 0) {
      const who =
        anchored >= earlier
          ? "The checkpoint in your trust root, worth as much as the way on which you had it, and no outside party"
          : "A witness's cosignature of an earlier checkpoint";
      const later = entries.filter(({ index }) => index >= seen).length;
      says.push(
        `${who} vouches for the first ${seen} entries of the log. The ${later} entries of this pack behind them rest on the log's own signature: whoever holds its key and the database could have written them anew.`,
      );
    }
  }
  says.push(
    entries.length === size
      ? "The whole log is in this pack: no second chain of any stream stands elsewhere in it."
      : `The pack shows ${entries.length} of the log's ${size} entries. That no second chain of one of its streams stands among the others, only a replay of the whole log shows (\`tidelock ledger verify\`).`,
  );
  says.push("People appear by pseudonym: who they are, the pack does not say.");
  if (pack.manifest.subject.kind === "release") {
    says.push(
      "The release's artifacts are named by digest and are not inside: hold the bytes you have against these digests.",
    );
  }
  if (pack.manifest.subject.kind === "access-review") {
    says.push(
      "The review's lines are the rights, roles, tokens and keys that stand in the log. Since when and how much they were used is the server's word, which the reviewers signed. Roles that a provider's groups give for the time of a session, and tokens that a rule gives to another platform's programs after the review began, are no lines of it.",
      "Whether two pseudonyms are one person who was enrolled under two names shows only the server, which knows the names.",
    );
  }
  for (const { predecessor, lostEntries } of successions) {
    const lost = lostEntries === null ? "" : ` (${lostEntries} entries are known to be)`;
    says.push(
      `What ${predecessor.origin} held behind its first ${predecessor.size} entries is lost${lost}: a database was put back.`,
    );
  }
  const untold = decisions.notReplayable.length;
  if (untold > 0) {
    says.push(
      `Whether ${untold === 1 ? "1 decision was" : `${untold} decisions were`} right cannot be recomputed: the reasons stand with them.`,
    );
  }
  if (erased.length > 0) {
    says.push(`What ${erased.length} erased payloads said is gone for everybody.`);
  }
  const last = entries.at(-1)?.leaf.time;
  if (last !== undefined) says.push(`What happened after ${last} is not in it.`);
  return says;
}
