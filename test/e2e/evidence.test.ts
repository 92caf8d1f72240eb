import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { clearHome, e2eHome } from "../fixtures/e2e-home.ts";
import { runCli } from "../fixtures/run-cli.ts";
import { needsTool } from "../support/optional.ts";
import { codeSigning, openSigningLab } from "../support/signing-lab.ts";

/** What is stated about a release, by command line alone, with the real server and database. */

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let work: string;
let service: string;

beforeAll(async () => {
  work = await e2eHome();
  service = join(work, "shop");
  mkdirSync(service);
  writeFileSync(join(service, "server.js"), "// nothing to run here");
  lock("1.0.0");
  writeFileSync(
    join(service, "tidelock.yaml"),
    `apiVersion: tidelock.dev/v1
kind: Pipeline
metadata: { name: shop }
spec:
  processes: { web: { command: [node, server.js] } }
  environments: [{ name: production, strategy: recreate }]
---
apiVersion: tidelock.dev/v1
kind: Environment
metadata: { name: production }
spec: { tier: production }
`,
  );
  for (const name of ["release", "stranger"]) {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    write(`${name}.pem`, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    write(`${name}.pub`, publicKey.export({ type: "spki", format: "pem" }).toString());
  }
  const open = readFileSync(join(work, "release.pub"), "utf8");
  const indented = open.trim().replaceAll("\n", "\n        ");
  const head = `kind: ReleaseTrust\nformatVersion: 1\nproducers:\n  managers:\n    type: key\n    keys:\n      - |\n        ${indented}\n`;
  write("trust.yaml", `${head}signature: [{ by: [managers] }]\nsbom: {}\n`);
  write("empty.yaml", "kind: ReleaseTrust\nformatVersion: 1\n");
});
afterAll(() => clearHome(work));

function write(name: string, text: string | Uint8Array): string {
  const path = join(work, name);
  writeFileSync(path, text);
  return path;
}

function lock(version: string): void {
  const packages = {
    "": { name: "shop" },
    "node_modules/left-pad": { version, license: "WTFPL" },
    "node_modules/tester": { version: "9.0.0", dev: true },
  };
  writeFileSync(
    join(service, "package-lock.json"),
    JSON.stringify({ lockfileVersion: 3, packages }),
  );
}

async function ends(code: number, ...words: string[]): Promise<string> {
  const result = await runCli(words, {
    cwd: service,
    env: { TIDELOCK_DATA_DIR: join(work, "data"), TIDELOCK_CONFIG: join(work, "config.json") },
  });
  const said = `${result.stdout}${result.stderr}`;
  expect(result.code, `tidelock ${words.join(" ")}\n${said}`).toBe(code);
  return said;
}

const trust = () => ["--trust", join(work, "trust.yaml")];

describe("evidence about a release", () => {
  it("is made, signed, kept, verified and compared", async () => {
    await ends(0, "server", "start", "--detach", "--port", "0");
    await ends(0, "pipeline", "apply");
    await ends(0, "release", "create", "--version", "1.0.0");

    const unsigned = await ends(7, "release", "verify", "shop@1.0.0", ...trust());
    expect(unsigned).toMatch(/id +verified/);
    expect(unsigned).toMatch(/signature +failed +a signature by managers: none is there/);
    expect(unsigned).toMatch(/sbom +verified +an SBOM \(cyclonedx 1\.6, 1 components, unsigned\)/);
    expect(unsigned).toMatch(/provenance +not checked/);

    await ends(0, "release", "sign", "shop@1.0.0", "--key", join(work, "stranger.pem"));
    const stranger = await ends(7, "release", "verify", "shop@1.0.0", ...trust());
    expect(stranger).toContain("signed by 0 of 1 trusted key");

    const signed = await ends(
      0,
      "release",
      "sign",
      "shop@1.0.0",
      "--key",
      join(work, "release.pem"),
    );
    expect(signed).toContain("https://tidelock.dev/predicate/release-signature/v1");
    expect(await ends(0, "release", "verify", "shop@1.0.0", ...trust())).toMatch(
      /signature +verified/,
    );
    expect(
      await ends(7, "release", "verify", "shop@1.0.0", "--trust", join(work, "empty.yaml")),
    ).toContain("demands nothing");

    const shown = await ends(0, "release", "show", "shop@1.0.0");
    expect(shown).toContain("cyclonedx, made from its tree");
    expect(shown).toContain("release-signature/v1 (dsse)");

    lock("1.1.0");
    await ends(0, "release", "create", "--version", "1.1.0");
    expect(await ends(0, "sbom", "show", "shop@1.1.0")).toMatch(/left-pad +1\.1\.0 +WTFPL/);
    expect(await ends(0, "sbom", "diff", "shop@1.0.0", "shop@1.1.0")).toMatch(
      /version +left-pad +1\.0\.0 -> 1\.1\.0/,
    );
    // A signature of one release says nothing of another.
    await ends(7, "release", "verify", "shop@1.1.0", ...trust());

    // The ledger names all of it, and a pack brings it along.
    await ends(0, "ledger", "verify", "--state");
    const pack = join(work, "pack.zip");
    await ends(0, "audit", "export", "shop@1.0.0", "-o", pack);
    const root = join(work, "root.json");
    await ends(0, "ledger", "trust", "-o", root);
    expect(await ends(0, "audit", "verify", pack, "--trust", root)).toContain(
      "every document, plan and report is the one that its entry names",
    );
  });

  it("that is none, or is about something else, is not kept", async () => {
    const none = write("none.json", "{}");
    expect(await ends(2, "release", "attest", "shop@1.0.0", "--file", none)).toContain(
      "no DSSE envelope, Sigstore bundle, CMS signature, CycloneDX or SPDX",
    );
    const hashes = [{ alg: "SHA-256", content: "f".repeat(64) }];
    const other = {
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      metadata: { component: { name: "x", hashes } },
    };
    const file = write("other.json", JSON.stringify(other));
    expect(await ends(2, "release", "attest", "shop@1.0.0", "--file", file)).toContain(
      "not about shop@1.0.0",
    );
    const misspelt = write("misspelt.yaml", "kind: ReleaseTrust\nformatVersion: 1\nsignatur: []\n");
    const said = await ends(2, "release", "verify", "shop@1.0.0", "--trust", misspelt);
    expect(said).toMatch(/misspelt\.yaml:3:1/);
  });

  const openssl = needsTool("openssl");
  it.skipIf(openssl.missing)(
    "holds a file against a code signature without any server",
    async () => {
      const lab = openSigningLab(openssl.path);
      try {
        lab.issue("release", codeSigning);
        const artifact = Buffer.from("the artifact");
        const path = write("shop.tar", artifact);
        const p7s = write("shop.p7s", lab.cms(artifact, "release"));
        const producer = { type: "x509", roots: [lab.root], subject: { CN: "release" } };
        const document = {
          kind: "ReleaseTrust",
          formatVersion: 1,
          producers: { vendor: producer },
          signature: [{ by: ["vendor"] }],
        };
        const trusted = write("x509.json", JSON.stringify(document));
        const words = ["release", "verify", path, "--trust", trusted];
        const said = await ends(0, ...words, "--attestation", p7s);
        expect(said).toContain(`sha256:${createHash("sha256").update(artifact).digest("hex")}`);
        expect(said).toContain("revocation not checked");
        await ends(7, ...words);
        writeFileSync(path, "another artifact");
        expect(await ends(7, ...words, "--attestation", p7s)).toContain(
          "not about artifact shop.tar",
        );
      } finally {
        lab.dispose();
      }
    },
  );
});
