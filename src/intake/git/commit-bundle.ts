import { buffer } from "node:stream/consumers";
import { bundleHead, maxBundleBytes, maxBundleCommits } from "../../evidence/git/commit-bundle.ts";
import { askGit, gitFailed, gitLine, spawnGit } from "./git.ts";

/**
 * The commits that a release brings, as git keeps them, so that a server can verify who signed them. Where a branch began
 * before what is live, the commits between the two come along: they show that it did.
 *
 * @param revisions of what the release brings
 * @param since what is live
 * @returns null when none is signed by an SSH or OpenPGP key, or when it is more than a server reads: nothing is proven then
 */
export async function bundleCommits(
  folder: string,
  revisions: readonly string[],
  since: string | undefined,
): Promise<Buffer | null> {
  if (revisions.length === 0) return null;
  const all = [...revisions, ...(await leadingTo(folder, revisions, since))];
  if (all.length > maxBundleCommits) return null;
  const format = await gitLine(folder, ["rev-parse", "--show-object-format"]);
  if (format !== "sha1" && format !== "sha256") return null;
  const child = spawnGit(folder, ["cat-file", "--batch"], timeoutMs);
  child.stdin.on("error", () => undefined);
  child.stdin.end(`${all.join("\n")}\n`);
  let size = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBundleBytes) child.kill("SIGKILL");
  });
  const [status, objects, stderr] = await Promise.all([
    new Promise<number>((resolve) => {
      child.once("error", () => resolve(128));
      child.once("close", (code) => resolve(code ?? 128));
    }),
    buffer(child.stdout),
    buffer(child.stderr),
  ]);
  const head = bundleHead(format);
  if (size + head.length > maxBundleBytes) return null;
  // Without a signature there is nothing to verify.
  if (!signatures.some((begin) => objects.includes(begin))) return null;
  if (status !== 0) throw gitFailed(folder, ["cat-file"], stderr.toString("utf8"));
  return Buffer.concat([head, objects]);
}

const timeoutMs = 120_000;

const signatures = ["-----BEGIN SSH SIGNATURE-----", "-----BEGIN PGP SIGNATURE-----"];

/** Commits between what is live and where merged branches left its history. */
async function leadingTo(
  folder: string,
  revisions: readonly string[],
  since: string | undefined,
): Promise<readonly string[]> {
  if (since === undefined) return [];
  const parents = new Set(await parentsOf(folder, revisions));
  for (const one of [...revisions, since]) parents.delete(one);
  if (parents.size === 0) return [];
  const path = ["rev-list", "--ancestry-path", `--max-count=${maxBundleCommits + 1}`, since];
  const found = new Set<string>();
  for (const parent of parents) {
    // What git cannot answer leads nowhere, and the server will say so.
    const { status, stdout } = await askGit(folder, [...path, `^${parent}`, "--"]);
    const between = status === 0 ? stdout.toString("utf8").split("\n").filter(Boolean) : [];
    for (const one of between) found.add(one);
    if (found.size > maxBundleCommits) break;
  }
  return [...found];
}

async function parentsOf(folder: string, revisions: readonly string[]): Promise<readonly string[]> {
  const argv = [
    "log",
    "--no-walk=unsorted",
    "--no-show-signature",
    "--format=tformat:%P",
    "--stdin",
  ];
  const child = spawnGit(folder, argv, timeoutMs);
  child.stdin.on("error", () => undefined);
  child.stderr.resume();
  child.stdin.end(`${revisions.join("\n")}\n`);
  const text = (await buffer(child.stdout)).toString("utf8");
  return text.split(/[\n ]/).filter(Boolean);
}
