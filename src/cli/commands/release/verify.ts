import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { CommandContext } from "../../context.ts";
import { Release, releaseId } from "../../../model/release.ts";
import type { Material, ReleaseIdentity } from "../../../evidence/release-check.ts";
import { readJson } from "../../../evidence/read-json.ts";
import { defineCommand } from "../../define-command.ts";
import { digestFile, isFile, readEvidenceFile } from "../../evidence/files.ts";
import { fetchRelease } from "../../evidence/fetch-release.ts";
import { demandLines, type VerifyLine } from "../../evidence/verify-release.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, outputOption, required, text, texts } from "../../options.ts";
import { printList } from "../../output/print.ts";
import { releaseReference } from "../../release-reference.ts";
import type { ConnectionFlags } from "../../settings.ts";

export const command = defineCommand({
  arguments: {
    release: argument("release", "shop@1.4.2, or a file: an artifact, a release's JSON"),
  },
  options: {
    trust: required(text("--trust <file>", "what is demanded, and of whom (kind: ReleaseTrust)")),
    attestation: texts("--attestation <file>", "an envelope, bundle, signature or SBOM"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Digest, signature, provenance and SBOM against a trust file, before anything is done with a release. A file needs no server. Exits 0 when all that is demanded is met, else 7.",
  examples: [
    "tidelock release verify shop@1.4.2 --trust trust.yaml",
    "tidelock release verify shop.tar --trust trust.yaml --attestation shop.p7s",
  ],
  async run(context, { args, options }) {
    const { parseReleaseTrust } = await import("../../../pipeline-file/parse-trust.ts");
    const trustText = Buffer.from(readEvidenceFile(options.trust)).toString("utf8");
    const trust = parseReleaseTrust(options.trust, trustText);
    const given = options.attestation.map((path): Material => ({
      name: basename(path),
      bytes: readEvidenceFile(path),
    }));
    const subject = isFile(args.release)
      ? await subjectOfFile(args.release)
      : await subjectOfServer(context, args.release, options);
    const material = [...given, ...subject.material];
    const lines = [...subject.lines, ...demandLines(subject.identity, material, trust, new Date())];
    await printList<VerifyLine>(context.terminal, context.format(options), {
      items: lines,
      columns: [
        { title: "what", value: (line) => line.what },
        { title: "state", value: (line) => line.state },
        { title: "", value: (line) => line.message },
      ],
      name: (line) => `${line.what} ${line.state}`,
      empty: "nothing was checked",
    });
    const failed = lines.filter(({ state }) => state === "failed");
    if (failed.length > 0) {
      context.terminal.note(`${args.release} does not verify: ${failed[0]?.message ?? ""}`);
      return exit.verification;
    }
    // Nothing demanded is nothing verified: an empty trust file is no pass.
    if (
      lines.some(({ what, state }) => what !== "id" && what !== "artifact" && state === "verified")
    ) {
      return exit.done;
    }
    context.terminal.note("the trust file demands nothing, so nothing was verified");
    return exit.verification;
  },
});

interface VerifySubject {
  readonly identity: ReleaseIdentity;
  readonly material: readonly Material[];
  readonly lines: readonly VerifyLine[];
}

/** A release's JSON stands for the release; any other file is its own artifact. */
async function subjectOfFile(path: string): Promise<VerifySubject> {
  const release = path.endsWith(".json")
    ? readJson(readFileSync(path), Release, "the release")
    : null;
  if (release?.ok === true) {
    const id = releaseId(release.value);
    return {
      identity: { id, artifacts: release.value.artifacts },
      material: [],
      lines: [
        { what: "id", state: "verified", message: `${id}, computed from ${basename(path)}` },
        ...uncheckedArtifacts(release.value, "their bytes are not at hand"),
      ],
    };
  }
  const digest = await digestFile(path);
  return {
    identity: { id: digest, artifacts: [{ name: basename(path), digest }] },
    material: [],
    lines: [{ what: "artifact", state: "verified", message: `${basename(path)} is ${digest}` }],
  };
}

async function subjectOfServer(
  context: CommandContext,
  reference: string,
  flags: ConnectionFlags,
): Promise<VerifySubject> {
  const params = await releaseReference(context, reference, flags);
  const fetched = await fetchRelease(context.connect(flags), params);
  const { release, id, claimedId } = fetched;
  const same = id === claimedId;
  return {
    identity: { id, artifacts: release.artifacts },
    material: fetched.attestations.flatMap(({ view, bytes, intact }) =>
      intact ? [{ name: view.digest.slice(0, "sha256:".length + 12), bytes }] : [],
    ),
    lines: [
      {
        what: "id",
        state: same ? "verified" : "failed",
        message: same
          ? `${id}, computed anew from what the server sent`
          : `what the server sent is ${id}, and it says ${claimedId}`,
      },
      ...uncheckedArtifacts(release, "admission reads their bytes on the server"),
      ...fetched.attestations.flatMap(({ view, intact }): VerifyLine[] =>
        intact
          ? []
          : [{ what: "attestation", state: "failed", message: `${view.digest} has other bytes` }],
      ),
    ],
  };
}

function uncheckedArtifacts(release: Release, why: string): readonly VerifyLine[] {
  return release.artifacts.map(({ name, digest }) => ({
    what: "artifact",
    state: "not checked",
    message: `${name} is ${digest} by the release's word; ${why}`,
  }));
}
