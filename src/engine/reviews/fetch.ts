import { randomBytes } from "node:crypto";
import { hostReview } from "../../evidence/predicates/host-review.ts";
import { TidelockError } from "../../model/errors.ts";
import { type ReviewHost, reviewHostUrl } from "../../model/git-host.ts";
import type { Environment } from "../../model/pipeline.ts";
import type { Lane } from "../../model/primitives.ts";
import { releaseName } from "../../model/release.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { HostReviewControl, ReviewOf, ReviewShown } from "../../ports/host-review-control.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { registeredEnvironment } from "../../store/queries/catalogue.ts";
import { announce } from "../../store/queries/events.ts";
import { environmentVersions } from "../../store/queries/host-reviews.ts";
import { secretSetAt } from "../../store/queries/service-security.ts";
import { attest } from "../attestations/attest.ts";
import { recordSecretRead } from "../slots/bindings.ts";
import { ownPorts } from "../check-runs/check-context.ts";
import type { Engine } from "../engine.ts";
import { requireWritable } from "../ledger/writable.ts";
import { findRelease } from "../promotions/plan-inputs.ts";
import { reviewFigures } from "./figures.ts";
import { reviewOf } from "./kept.ts";

export function makeHostReviewControl(engine: Engine): HostReviewControl {
  return {
    fetch: (actor, of) => fetchReview(engine, actor, of),
    show: (of) => showReview(engine, of),
  };
}

const timeoutMs = 120_000;

/**
 * Asks the git host that an environment's owners trust about a release, and keeps all that it answers as a signed statement.
 *
 * @throws TidelockError `conflict` (no host, no repository, no revision), `forbidden` (the token was given for another
 *   address), `not-found`
 */
async function fetchReview(engine: Engine, actor: Actor, of: ReviewOf): Promise<ReviewShown> {
  const { db } = engine;
  await requireWritable(db, "what a git host says is an entry of the ledger");
  const row = await findRelease(db, of.service, of.release);
  const { host, project } = await hostOf(engine, of);
  const { source } = row.content;
  if (source.kind !== "git") {
    throw refused(
      `${releaseName(row.content)} names no commit`,
      "release",
      "create it in a git repository",
    );
  }
  const token = await tokenFor(engine, of, host);
  const review = await engine.askForReview({
    host,
    project,
    token,
    release: row.id,
    revision: source.revision,
    commits: source.commits.map(({ revision }) => revision),
    ownPorts: ownPorts(engine),
    signal: AbortSignal.timeout(timeoutMs),
    askedAt: await databaseTime(db),
  });
  await db.transaction().execute(async (tx) => {
    const about = `review/${row.id}/${of.environment}`;
    const digest = await attest(engine, tx, hostReview, {
      release: row.id,
      about,
      predicate: review,
    });
    await engine.ledger.append(tx, {
      operation: `${about}/${randomBytes(6).toString("hex")}`,
      kind: "review.fetched",
      stream: `release/${row.id}`,
      actor: actor.id,
      payload: {
        release: row.id,
        environment: of.environment,
        attestations: [digest],
        host: review.host,
        askedAt: review.askedAt,
        commits: review.commits.length,
        pulls: review.pulls.length,
        problems: review.problems.length,
      },
    });
    await announce(tx, {
      kind: "release.reviewed",
      service: of.service,
      message: `${actor.id} asked ${review.host.url} about ${releaseName(row.content)}: ${review.problems.length === 0 ? "it answered everything" : `${review.problems.length} things are not known`}`,
    });
  });
  engine.signals.emit("change");
  return showReview(engine, of);
}

async function showReview(engine: Engine, of: ReviewOf): Promise<ReviewShown> {
  const row = await findRelease(engine.db, of.service, of.release);
  const { host } = await hostOf(engine, of);
  const now = new Date(await databaseTime(engine.db));
  const kept = await reviewOf(engine, engine.db, { ...of, release: row.id, host, now });
  if (kept === null) {
    throw new TidelockError(
      "not-found",
      `nobody has asked the git host about ${releaseName(row.content)}`,
      {
        fault: "operator",
        where: of.environment,
        hint: `tidelock review fetch ${releaseName(row.content)} --env ${of.environment}`,
      },
    );
  }
  const { answers, ...review } = kept.review;
  return {
    ...review,
    digest: kept.digest,
    stale: kept.stale,
    answers: answers.map(({ path, status, digest }) => ({ path, status, digest })),
    figures: reviewFigures(kept.review),
  };
}

async function hostOf({ db }: Engine, { service, environment }: ReviewOf) {
  const row = await registeredEnvironment(db, environment);
  const host = (row?.document as Environment | undefined)?.spec.reviews;
  if (!host) {
    throw refused(
      `the owners of ${environment} name no git host whose word counts`,
      "spec.reviews",
      "see docs/reviews.md",
    );
  }
  const project = host.projects[service];
  if (project !== undefined) return { host, project };
  throw refused(
    `the owners of ${environment} name no repository of ${service}`,
    "spec.reviews.projects",
  );
}

/** A token goes to the address for which it was given: when that changes, somebody who knows one has to set it again. */
async function tokenFor(
  engine: Engine,
  { service, environment }: ReviewOf,
  host: ReviewHost,
): Promise<string> {
  const lane: Lane = { service, environment };
  const address = reviewHostUrl(host);
  const versions = await environmentVersions(engine.db, environment);
  const said = versions.flatMap(({ content, at }) => {
    const reviews = (content as Environment).spec.reviews;
    return reviews?.token === host.token ? [{ address: reviewHostUrl(reviews), at }] : [];
  });
  const other = said.findLastIndex((one) => one.address !== address);
  const since = other < 0 ? null : said[other + 1]?.at;
  const setAt = await secretSetAt(engine.db, { service, environment, secret: host.token });
  if (since && (setAt === null || setAt <= since)) {
    throw new TidelockError(
      "forbidden",
      `the token ${host.token} was given for another address and is not sent to ${address}`,
      {
        fault: "operator",
        where: "spec.reviews.url",
        hint: `set the new address's token: tidelock secret set ${host.token} --service ${service} --environment ${environment}`,
      },
    );
  }
  const reference = { provider: "local", name: host.token };
  const provider = engine.secrets.get(reference.provider);
  if (!provider) throw new TidelockError("unsupported", "this server keeps no secrets");
  await recordSecretRead(engine, lane, { for: "its git host", references: [reference] });
  return provider.resolve(lane, reference);
}

function refused(message: string, where: string, hint?: string): TidelockError {
  return new TidelockError("conflict", message, {
    fault: "operator",
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}
