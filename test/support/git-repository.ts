import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface CommitOptions {
  readonly author?: string;
  readonly email?: string;
  readonly committer?: string;
  readonly at?: string;
}

/** A real git repository for tests, apart from the configuration of whoever runs them. */
export class GitRepository {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.git(["init", "--quiet", "--initial-branch=main"]);
  }

  git(argv: readonly string[], env: NodeJS.ProcessEnv = {}, input?: string | Buffer): string {
    return execFileSync("git", argv, {
      cwd: this.folder,
      encoding: "utf8",
      env: {
        PATH: process.env["PATH"],
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_CONFIG_SYSTEM: "/dev/null",
        ...env,
      },
      ...(input !== undefined && { input }),
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    }).trim();
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), text);
    }
  }

  /** Commits everything there is and returns the revision. */
  commit(message: string, options: CommitOptions = {}): string {
    const { author = "Author", email = "author@example.org", committer = "Committer" } = options;
    const at = options.at ?? "2026-01-02T03:04:05Z";
    this.git(["add", "--all"]);
    this.git(
      ["commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "--file=-"],
      {
        GIT_AUTHOR_NAME: author,
        GIT_AUTHOR_EMAIL: email,
        GIT_AUTHOR_DATE: at,
        GIT_COMMITTER_NAME: committer,
        GIT_COMMITTER_EMAIL: "committer@example.org",
        GIT_COMMITTER_DATE: at,
      },
      message,
    );
    return this.git(["rev-parse", "HEAD"]);
  }
}
