import { accountPrefix, reviewHostUrl } from "../model/git-host.ts";
import { TidelockError } from "../model/errors.ts";
import type { AskForReview, SaidPull, SaidPush } from "../ports/git-host.ts";
import { Asker } from "./ask.ts";
import { gitHosts } from "./registry.ts";

/** More commits than these are not asked about one by one. */
const mostCommits = 100;

/** Asks a host about a release. What it did not say, or not wholly, is unknown and named. */
export const askForReview: AskForReview = async (asked) => {
  const { host, project, token, ownPorts, signal } = asked;
  const adapter = gitHosts.get(host.kind);
  if (!adapter) throw new TidelockError("unsupported", `no git host is called ${host.kind}`);
  const url = reviewHostUrl(host);
  const ask = new Asker({ url, headers: adapter.headers(token), ownPorts, signal });
  if (asked.commits.length > mostCommits) {
    ask.problems.push(
      `${asked.commits.length} commits are more than the ${mostCommits} that are asked about`,
    );
  }
  const commits = asked.commits.slice(-mostCommits);
  const said = await adapter.gather(ask, { project, branch: host.branch, commits });
  const named = (id: string | null) => (id === null ? null : `${accountPrefix(host)}:${id}`);
  const pulls = said.pulls.map((pull) => {
    const { number, head, merged } = pull;
    return {
      number,
      head,
      merged,
      openedBy: named(pull.openedBy),
      mergedBy: named(pull.mergedBy),
      commits: pushersOf(pull.from, pull.commits, said.pushes).map(({ revision, by }) => ({
        revision,
        pushedBy: named(by),
      })),
      reviews: pull.reviews.map((review) => ({ ...review, by: named(review.by) })),
    };
  });
  return {
    host: { kind: host.kind, url, project, branch: host.branch },
    release: asked.release,
    revision: asked.revision,
    askedAt: asked.askedAt,
    problems: ask.problems,
    branch: said.branch,
    commits: pushersOf(host.branch, asked.commits, said.pushes).map(({ revision, by }) => {
      const pull = pullWith(said.pulls, revision);
      if (!pull) return { revision, pull: null, pushedBy: named(by) };
      const made = pull.made.includes(revision);
      return { revision, pull: pull.number, pushedBy: made ? named(pull.mergedBy) : null };
    }),
    pulls,
    answers: ask.answers,
  };
};

function pullWith(pulls: readonly SaidPull[], revision: string): SaidPull | undefined {
  return pulls.find(({ merged, made, commits }) =>
    [merged, ...made, ...commits].includes(revision),
  );
}

/**
 * Who pushed each commit of a branch: only what a push is known to have brought, so that nobody answers for commits of a
 * push that the host has forgotten. Of several the first counts.
 *
 * @param commits oldest first
 */
function pushersOf(
  branch: string,
  commits: readonly string[],
  pushes: readonly SaidPush[],
): readonly { readonly revision: string; readonly by: string | null }[] {
  const own = pushes
    .filter((push) => push.branch === branch)
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const by = new Map<number, string | null>();
  for (const push of own) {
    const until = commits.indexOf(push.after);
    for (let at = until; at >= firstOf(push, commits, until); at -= 1) {
      if (!by.has(at)) by.set(at, push.by);
    }
  }
  return commits.map((revision, index) => ({ revision, by: by.get(index) ?? null }));
}

function firstOf({ before, count }: SaidPush, commits: readonly string[], until: number): number {
  if (until < 0) return 0;
  const from = before === null ? -1 : commits.indexOf(before);
  if (from >= 0) return from + 1;
  if (count !== null) return Math.max(0, until - count + 1);
  // A branch that came from elsewhere brought all of its own commits.
  return before === null ? until : 0;
}
