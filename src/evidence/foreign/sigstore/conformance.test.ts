import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needs } from "../../../../test/support/optional.ts";
import type { Producer } from "../../../model/producers.ts";
import { subjectDigests } from "../../statement.ts";
import { verifySigstore } from "./index.ts";

/**
 * The `bundle-verify` cases of sigstore/sigstore-conformance, which are not part of this repository. Point
 * TIDELOCK_SIGSTORE_CONFORMANCE at a checkout's `test/assets`, and put Sigstore's public `trusted_root.json`
 * there for the cases that bring none.
 */
const assets = process.env["TIDELOCK_SIGSTORE_CONFORMANCE"] ?? "";
const cases = join(assets, "bundle-verify");
const there = needs(
  assets !== "" && existsSync(cases),
  "Sigstore's conformance cases are not here (TIDELOCK_SIGSTORE_CONFORMANCE)",
);

const beacon =
  "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";

function text(name: string, file: string, fallback: string): string {
  const path = join(cases, name, file);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : fallback;
}

function producerOf(name: string): Extract<Producer, { type: "sigstore" }> {
  const own = join(cases, name, "trusted_root.json");
  const root = existsSync(own) ? own : join(assets, "trusted_root.json");
  const trustedRoot = JSON.parse(readFileSync(root, "utf8")) as Record<string, unknown>;
  const key = text(name, "key.pub", "");
  if (key !== "") return { type: "sigstore", trustedRoot, keys: [key] };
  const issuer = text(name, "issuer", "https://token.actions.githubusercontent.com");
  return {
    type: "sigstore",
    trustedRoot,
    identity: { issuer, subject: text(name, "identity", beacon) },
  };
}

/** What the suite asks of a client: the bundle verifies, and it is about this artifact. */
function verifies(name: string): string {
  const artifact = join(cases, name, "artifact");
  const bytes = readFileSync(existsSync(artifact) ? artifact : join(cases, "a.txt"));
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const result = verifySigstore(
    readFileSync(join(cases, name, "bundle.sigstore.json")),
    producerOf(name),
  );
  if (result.kind !== "verified") return result.kind === "refused" ? result.problem : result.kind;
  const { signed } = result;
  const about = signed.kind === "signature" ? [signed.digest] : subjectDigests(signed.statement);
  return about.includes(digest) ? "verified" : "about something else";
}

describe.skipIf(there.missing)("Sigstore's conformance cases", () => {
  const names = there.missing
    ? []
    : readdirSync(cases, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? [entry.name] : [],
      );

  it.each(names)("%s", (name) => {
    const said = verifies(name);
    if (name.endsWith("_fail")) expect(said).not.toBe("verified");
    else expect(said).toBe("verified");
  });
});
