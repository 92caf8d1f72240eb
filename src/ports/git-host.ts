import type { z } from "zod";
import type {
  BranchProtection,
  GitHostKind,
  HostPull,
  HostReview,
  ReviewHost,
} from "../model/git-host.ts";

/** A place where pull requests live. An adapter is a folder of src/git-hosts: it knows one API, and judges nothing. */
export interface GitHost {
  readonly id: GitHostKind;
  headers(token: string): Readonly<Record<string, string>>;
  gather(ask: AskHost, asked: HostAsked): Promise<HostSaid>;
}

export interface HostAsked {
  readonly project: string;
  readonly branch: string;
  /** Of the release, oldest first. */
  readonly commits: readonly string[];
}

export interface HostSaid {
  readonly branch: BranchProtection;
  readonly pulls: readonly SaidPull[];
  /** Of the branches that pull requests came from; null: it does not say. */
  readonly pushes: readonly SaidPush[];
}

/** A merged pull request, accounts by their ids alone. */
export interface SaidPull extends Omit<HostPull, "commits"> {
  /** The branch that it came from. */
  readonly from: string;
  /** Oldest first. */
  readonly commits: readonly string[];
  /** Commits that the merge made on the branch, besides `merged`: by whoever merged. */
  readonly made: readonly string[];
}

/** That somebody moved a branch. */
export interface SaidPush {
  readonly branch: string;
  /** Its newest commit until then; null: it does not say, or there was none. */
  readonly before: string | null;
  /** Its newest commit from then on. */
  readonly after: string;
  /** How many commits came with it; null: it does not say. */
  readonly count: number | null;
  readonly by: string | null;
  /** RFC 3339. */
  readonly at: string;
}

/** Asks the host; every answer is kept. */
export interface AskHost {
  /** Null: there is no such thing (404), which `missing` has to recognise by what it says. */
  one<T>(
    path: string,
    schema: z.ZodType<T>,
    missing?: (body: string) => boolean,
  ): Promise<T | null>;
  /** All of a list, over all of its pages. */
  all<T>(
    path: string,
    item: z.ZodType<T>,
    missing?: (body: string) => boolean,
  ): Promise<readonly T[]>;
  /** What cannot be read becomes a problem, and `otherwise` is what is known then. */
  part<T>(what: string, read: () => Promise<T>, otherwise: T): Promise<T>;
}

/** What a host is asked about one release. */
export interface ReviewAsked {
  readonly host: ReviewHost;
  readonly project: string;
  readonly token: string;
  readonly release: HostReview["release"];
  readonly revision: string;
  /** Oldest first. */
  readonly commits: readonly string[];
  /** Ports of this machine on which Tidelock itself listens: no host's address leads there. */
  readonly ownPorts: readonly number[];
  readonly signal: AbortSignal;
  /** RFC 3339. */
  readonly askedAt: string;
}

export type AskForReview = (asked: ReviewAsked) => Promise<HostReview>;
