import { fromHex, toHex, utf8 } from "../../ledger/bytes.ts";
import { hmacSha256 } from "../../ledger/crypto.ts";
import { isShared } from "../../identity/lineage.ts";
import { headKind } from "../checks/streams.ts";
import { digestBytes } from "../digest.ts";
import { ExportEnd } from "../export-end.ts";
import { jsonLines, paths, type SharedNameLine } from "../format.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Findings } from "../report.ts";

/**
 * Pseudonyms that tell nobody apart: of a token that many hold, or of a machine's. The pack opens these names, and no
 * person's: `person.met` holds a keyed digest of each, so that nobody can call a person a machine, or the other way round.
 */
export function readSharedNames(
  lines: readonly SharedNameLine[],
  entries: readonly LogEntry[],
  findings: Findings,
): ReadonlySet<string> {
  const end = entries.findLast(({ leaf }) => leaf.kind === headKind);
  const promised = ExportEnd.safeParse(end?.payload).data?.sharedNames;
  if (digestBytes(jsonLines(lines)) !== (promised ?? digestBytes(jsonLines([])))) {
    const message = "these are not the names that the export had";
    findings.problem("people", { file: paths.sharedNames }, message);
  }
  const met = new Map(
    entries.flatMap(({ leaf, payload }) =>
      leaf.kind === "person.met" ? [[String(payload?.["pseudonym"]), payload?.["person"]]] : [],
    ),
  );
  const shared = new Set<string>();
  for (const [at, { pseudonym, name, key }] of lines.entries()) {
    const problem = (message: string): void =>
      findings.problem("people", { file: `${paths.sharedNames}, line ${at + 1}` }, message);
    findings.seen("people");
    const digest = `hmac-sha256:${toHex(hmacSha256(fromHex(key), utf8(name)))}`;
    if (met.get(pseudonym) !== digest) problem(`no entry says that ${pseudonym} is ${name}`);
    else if (!isShared(name)) problem(`${name} is no name of a shared token or a machine`);
    else shared.add(pseudonym);
  }
  return shared;
}
