import { TidelockError } from "../../model/errors.ts";
import type { Sbom } from "../../evidence/sbom/component.ts";
import { readSbom } from "../../evidence/sbom/read.ts";
import type { CommandContext } from "../context.ts";
import { releaseReference } from "../release-reference.ts";
import type { ConnectionFlags } from "../settings.ts";
import { fetchRelease } from "./fetch-release.ts";
import { isFile, readEvidenceFile } from "./files.ts";

/** Where an SBOM came from: a file's name, or the release and the SBOM's digest. */
export interface FoundSbom {
  readonly from: string;
  readonly sbom: Sbom;
}

/** The SBOM in a file, or the one of a release: what was handed in last, else the one that was made of it. */
export async function sbomOf(
  context: CommandContext,
  text: string,
  flags: ConnectionFlags,
): Promise<FoundSbom> {
  if (isFile(text)) return { from: text, sbom: parse(text, readEvidenceFile(text)) };
  const params = await releaseReference(context, text, flags);
  const { attestations } = await fetchRelease(context.connect(flags), params);
  const sboms = attestations.filter(
    ({ view }) => view.format === "cyclonedx" || view.format === "spdx",
  );
  const chosen = sboms.findLast(({ view }) => view.origin === "given") ?? sboms.at(-1);
  if (chosen === undefined) {
    throw new TidelockError("not-found", `${text} has no SBOM`, {
      fault: "operator",
      where: text,
      hint: "hand one in: tidelock release attest --file sbom.json",
    });
  }
  const { digest, origin } = chosen.view;
  if (!chosen.intact) {
    throw new TidelockError("digest-mismatch", `the SBOM ${digest} has other bytes`, {
      where: text,
    });
  }
  const made = origin === "made" ? "made from its tree" : "handed in";
  return { from: `${text} (${made}, ${digest})`, sbom: parse(text, chosen.bytes) };
}

function parse(where: string, bytes: Uint8Array): Sbom {
  const sbom = readSbom(bytes);
  if (sbom.ok) return sbom.value;
  throw new TidelockError("invalid-input", sbom.problem, { fault: "operator", where });
}
