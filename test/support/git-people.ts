import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Real repositories with real signatures: git and ssh-keygen of this machine, and none of its settings. */

export interface Signer {
  /** The private half; its public half is beside it. */
  readonly file: string;
  readonly publicKey: string;
  /** Of an OpenPGP key: where its gpg keeps it; `file` is its fingerprint then. */
  readonly gpgHome?: string;
}

export function sshKey(type = "ed25519", bits?: number): Signer {
  const file = join(mkdtempSync(join(tmpdir(), "tidelock-ssh-")), "id");
  const size = bits === undefined ? [] : ["-b", String(bits)];
  execFileSync("ssh-keygen", ["-q", "-t", type, ...size, "-N", "", "-C", "a comment", "-f", file]);
  return { file, publicKey: readFileSync(`${file}.pub`, "utf8") };
}

/** A new key of a real gpg, and its certificate. */
export function gpgKey(algorithm = "ed25519", user = "Maria <maria@shop.example>"): Signer {
  const gpgHome = mkdtempSync(join(tmpdir(), "tl-gpg-"));
  const gpg = (...argv: string[]) =>
    execFileSync("gpg", ["--homedir", gpgHome, "--batch", "--quiet", "--passphrase", "", ...argv], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  gpg("--quick-gen-key", user, algorithm, "sign", "never");
  const listed = gpg("--with-colons", "--list-keys");
  const [, file = ""] = /^fpr:+([0-9A-F]{40}):/m.exec(listed) ?? [];
  return { file, publicKey: gpg("--armor", "--export"), gpgHome };
}

/** Its agent outlives gpg. */
export function endGpg({ gpgHome = "" }: Signer): void {
  execFileSync("gpgconf", ["--homedir", gpgHome, "--kill", "all"]);
}

export interface Said {
  readonly author?: string;
  readonly committer?: string;
  readonly message?: string;
  readonly key?: Signer | null;
}

export class Repository {
  readonly folder = mkdtempSync(join(tmpdir(), "tidelock-repo-"));
  #count = 0;

  constructor(format: "sha1" | "sha256" = "sha1") {
    this.git(["init", "-q", "-b", "main", `--object-format=${format}`, "."]);
  }

  /** A file that changes, committed as somebody; its id. */
  commit({
    author = "Maria <maria@shop.example>",
    committer,
    message,
    key = null,
  }: Said = {}): string {
    this.#count += 1;
    writeFileSync(join(this.folder, `file-${this.#count}.txt`), `${this.#count}\n`);
    this.git(["add", "."]);
    const text = message ?? `change ${this.#count}`;
    this.git(
      [...signing(key), "commit", "-q", "-m", text, "--author", author],
      committer ?? author,
    );
    return this.head();
  }

  merge(branches: readonly string[], said: Said = {}): string {
    const { author = "Maria <maria@shop.example>", message = "merge", key = null } = said;
    this.git([...signing(key), "merge", "-q", "--no-ff", "-m", message, ...branches], author);
    return this.head();
  }

  /** A commit once more, on this branch, by somebody else. */
  pick(revision: string, { author = "Maria <maria@shop.example>", key = null }: Said): string {
    this.git([...signing(key), "cherry-pick", revision], author);
    return this.head();
  }

  head(ref = "HEAD"): string {
    return this.git(["rev-parse", ref]).trim();
  }

  git(
    argv: readonly string[],
    person = "Somebody <somebody@else.example>",
    input?: string,
  ): string {
    const [, name = "", email = ""] = /^(.*) <(.*)>$/.exec(person) ?? [];
    const [, gpgHome] = /\ntidelock\.gpghome=(.*)/.exec(argv.join("\n")) ?? [];
    return execFileSync("git", ["-c", "core.hooksPath=/dev/null", ...argv], {
      cwd: this.folder,
      ...(input === undefined ? {} : { input }),
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: this.folder,
        ...(gpgHome === undefined ? {} : { GNUPGHOME: gpgHome }),
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: name,
        GIT_AUTHOR_EMAIL: email,
        GIT_COMMITTER_NAME: name,
        GIT_COMMITTER_EMAIL: email,
      },
    });
  }
}

function signing(key: Signer | null): readonly string[] {
  if (key === null) return ["-c", "commit.gpgsign=false"];
  if (key.gpgHome !== undefined) {
    const settings = [`user.signingkey=${key.file}`, "commit.gpgsign=true"];
    return [...settings, `tidelock.gpghome=${key.gpgHome}`].flatMap((setting) => ["-c", setting]);
  }
  const settings = ["gpg.format=ssh", `user.signingkey=${key.file}`, "commit.gpgsign=true"];
  return settings.flatMap((setting) => ["-c", setting]);
}
