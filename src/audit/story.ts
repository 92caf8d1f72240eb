import { Release } from "../model/release.ts";
import { parsedJson } from "./checks/blobs.ts";
import type { Journals } from "./checks/journal.ts";
import type { PromotionStory } from "./checks/story.ts";
import { type DeploymentStory, tellDeployments } from "./deployments.ts";
import { paths, type Subject } from "./format.ts";
import type { LogEntry } from "./log-entry.ts";
import { DocumentRegistered } from "./payloads.ts";
import { type Population, reconcile } from "./population.ts";
import type { Pack } from "./read-pack.ts";
import type { PersonStory } from "./people/story.ts";
import type { ReviewStory } from "./review/story.ts";

/** What a verified pack tells, for people and programs. Everything in it was proven. */
export interface Story {
  readonly release: ReleaseStory | null;
  readonly promotions: readonly PromotionStory[];
  /** When what had the traffic, and how that ended. */
  readonly deployments: readonly DeploymentStory[];
  /** Documents in force, by digest: the policy. */
  readonly documents: readonly {
    readonly kind: string;
    readonly name: string;
    readonly version: number;
    readonly digest: string;
    readonly at: string;
    readonly by: string;
    /** Whether a promotion of this pack was planned with it. */
    readonly used: boolean;
  }[];
  /** Packs about an environment: every change, held against what agents signed. */
  readonly population: Population | null;
  /** Everybody whose signed word counts in it, and what made them who they are. */
  readonly people: readonly PersonStory[];
  /** Packs about a review. */
  readonly review: ReviewStory | null;
}

/** Who wrote it and how it came here (S3-30). */
export interface ReleaseStory {
  readonly id: string;
  readonly content: Release;
  readonly createdAt: string;
  readonly createdBy: string;
}

export function tellStory(
  pack: Pack,
  entries: readonly LogEntry[],
  promotions: readonly PromotionStory[],
  journals: Journals,
  { review, people }: Pick<Story, "review" | "people">,
): Story {
  const { subject } = pack.manifest;
  const about = promotions.filter((promotion) => concerns(subject, promotion));
  return {
    release: subject.kind === "release" ? releaseStory(pack, subject.release, entries) : null,
    promotions: about,
    deployments: tellDeployments(pack, entries, promotions).filter((deployment) =>
      wasLive(subject, deployment),
    ),
    documents: documentsOf(entries, about),
    population: subject.kind === "environment" ? reconcile(subject, entries, journals) : null,
    people,
    review,
  };
}

function concerns(subject: Subject, promotion: PromotionStory): boolean {
  if (subject.kind === "access-review") return false;
  if (subject.kind === "release") return promotion.accepted.release === subject.release;
  const inside = promotion.at >= subject.from && promotion.at < subject.to;
  return inside && promotion.stream.endsWith(`/${subject.environment}`);
}

function wasLive(subject: Subject, { release, stream, from, until }: DeploymentStory): boolean {
  if (subject.kind === "access-review") return false;
  if (subject.kind === "release") return release === subject.release;
  const inside = from < subject.to && (until === null || until >= subject.from);
  return inside && stream.endsWith(`/${subject.environment}`);
}

function releaseStory(
  pack: Pack,
  id: `sha256:${string}` | string,
  entries: readonly LogEntry[],
): ReleaseStory | null {
  const created = entries.find(
    ({ leaf }) => leaf.kind === "release.created" && leaf.stream === `release/${id}`,
  );
  const bytes = pack.files.get(paths.blob(id));
  const content = bytes && Release.safeParse(parsedJson(bytes));
  if (created === undefined || !content?.success) return null;
  return {
    id,
    content: content.data,
    createdAt: created.leaf.time,
    createdBy: created.leaf.actor,
  };
}

function documentsOf(
  entries: readonly LogEntry[],
  promotions: readonly PromotionStory[],
): Story["documents"] {
  const used = new Set(
    promotions.flatMap(({ plan }) => (plan === null ? [] : [plan.pipeline, plan.environment])),
  );
  return entries.flatMap(({ leaf, payload }) => {
    if (leaf.kind !== "document.registered") return [];
    const document = DocumentRegistered.safeParse(payload);
    if (!document.success) return [];
    const { kind, name, version, digest } = document.data;
    return [{ kind, name, version, digest, at: leaf.time, by: leaf.actor, used: used.has(digest) }];
  });
}
