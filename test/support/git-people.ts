import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Real repositories with real signatures: git and ssh-keygen of this machine, and none of its settings. */

export interface Signer {
  /** The private half; its public half is beside it. */
  readonly file: string;
  readonly publicKey: string;
}

export function sshKey(type = "ed25519", bits?: number): Signer {
  const file = join(mkdtempSync(join(tmpdir(), "tidelock-ssh-")), "id");
  const size = bits === undefined ? [] : ["-b", String(bits)];
  execFileSync("ssh-keygen", ["-q", "-t", type, ...size, "-N", "", "-C", "a comment", "-f", file]);
  return { file, publicKey: readFileSync(`${file}.pub`, "utf8") };
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
    return execFileSync("git", ["-c", "core.hooksPath=/dev/null", ...argv], {
      cwd: this.folder,
      ...(input === undefined ? {} : { input }),
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: this.folder,
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
  const settings = ["gpg.format=ssh", `user.signingkey=${key.file}`, "commit.gpgsign=true"];
  return settings.flatMap((setting) => ["-c", setting]);
}
