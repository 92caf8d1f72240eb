import type { GitHostKind } from "../model/git-host.ts";
import type { GitHost } from "../ports/git-host.ts";
import { bitbucket } from "./bitbucket/index.ts";
import { gitea } from "./gitea/index.ts";
import { github } from "./github/index.ts";
import { gitlab } from "./gitlab/index.ts";

/** Every git host by its id, which is its folder's name; a test compares the two. */
export const gitHosts: ReadonlyMap<GitHostKind, GitHost> = new Map(
  [bitbucket, gitea, github, gitlab].map((host) => [host.id, host]),
);
