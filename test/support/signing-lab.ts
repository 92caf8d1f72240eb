import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Authorities for tests, made by the `openssl` program: an independent maker of all that we verify. */
export interface SigningLab {
  /** PEM. */
  readonly root: string;
  readonly authority: string;
  certificate(name: string): string;
  /** A leaf of the intermediate (`by: "authority"`) or of the root. */
  issue(name: string, extensions: string, by?: "root" | "authority"): void;
  /** Detached CMS signature in DER over `content`, with the chain inside. */
  cms(content: Uint8Array, signer: string, ...more: string[]): Buffer;
  /** RFC 3161 response over `data`, by `signer`. */
  timestamp(data: Uint8Array, signer: string): Buffer;
  dispose(): void;
}

export const codeSigning = "extendedKeyUsage=codeSigning\nkeyUsage=critical,digitalSignature";
export const timeStamping =
  "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature";

export function openSigningLab(openssl: string): SigningLab {
  const folder = mkdtempSync(join(tmpdir(), "tidelock-signing-"));
  const path = (name: string) => join(folder, name);
  const run = (...args: string[]) =>
    execFileSync(openssl, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const key = (name: string) =>
    run(
      "genpkey",
      "-algorithm",
      "EC",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-out",
      `${name}.key`,
    );
  const subject = (name: string) => `/O=Acme/CN=${name}`;
  const ca = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign";

  const issue: SigningLab["issue"] = (name, extensions, by = "authority") => {
    key(name);
    run("req", "-new", "-key", `${name}.key`, "-subj", subject(name), "-out", `${name}.csr`);
    writeFileSync(path(`${name}.ext`), `${extensions}\nsubjectKeyIdentifier=hash\n`);
    const issuer = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial"];
    const out = ["-days", "1", "-extfile", `${name}.ext`, "-out", `${name}.pem`];
    run("x509", "-req", "-in", `${name}.csr`, ...issuer, ...out);
  };

  key("root");
  const constraint = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"];
  run("req", "-x509", "-key", "root.key", "-days", "30", "-subj", subject("root"), ...constraint, "-out", "root.pem"); // prettier-ignore
  issue("authority", ca, "root");

  return {
    root: readFileSync(path("root.pem"), "utf8"),
    authority: readFileSync(path("authority.pem"), "utf8"),
    certificate: (name) => readFileSync(path(`${name}.pem`), "utf8"),
    issue,
    cms: (content, signer, ...more) => {
      writeFileSync(path("content"), content);
      const who = ["-signer", `${signer}.pem`, "-inkey", `${signer}.key`];
      const how = ["-binary", "-md", "sha256", "-outform", "DER", "-certfile", "authority.pem"];
      run("cms", "-sign", "-in", "content", ...who, ...how, ...more, "-out", "signed");
      return readFileSync(path("signed"));
    },
    timestamp: (data, signer) => {
      writeFileSync(path("data"), data);
      writeFileSync(path("serial"), "01\n");
      writeFileSync(
        path("tsa.cnf"),
        "[tsa]\nserial=serial\ndefault_policy=1.2.3.4.1\ndigests=sha256\nsigner_digest=sha256\ness_cert_id_alg=sha256\n",
      );
      run("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "query");
      const who = ["-signer", `${signer}.pem`, "-inkey", `${signer}.key`];
      const how = ["-config", "tsa.cnf", "-section", "tsa", "-chain", "authority.pem"];
      run("ts", "-reply", "-queryfile", "query", ...how, ...who, "-out", "reply");
      return readFileSync(path("reply"));
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
