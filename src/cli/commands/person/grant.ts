import { TidelockError } from "../../../model/errors.ts";
import { breakRight, reviewRight as glassReviewRight } from "../../../model/break-glass.ts";
import { approveRight } from "../../../model/approval.ts";
import { defineCommand } from "../../define-command.ts";
import { policyRight } from "../../../model/policy-proposal.ts";
import { reviewRight } from "../../../model/access-review.ts";
import { vouchRight } from "../../../model/vouch.ts";
import { givenCard } from "../../manual/card.ts";
import { argument, connectionOptions, flag, name, outputOption } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { waitNote } from "../../policy/wait-note.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "somebody who was added") },
  options: {
    role: name("--role <role>", "answers checks that ask for it: qa, security, sre …"),
    judge: flag(
      "--judge-findings",
      "says, with a second person, that a finding is none or less bad",
    ),
    policy: flag("--policy", "signs, with a second person, changes of policy (governance team)"),
    accept: flag("--accept-risks", "signs waivers, with a second person"),
    vouch: flag("--vouch", "vouches, as a third person, for who somebody is"),
    review: flag("--review", "reviews, by signature, who can do what"),
    breakGlass: flag(
      "--break-glass",
      "lets one plan past its gate in an emergency, with a second person",
    ),
    reviewGlass: flag("--review-glass", "reviews broken glasses that others broke"),
    approve: name("--approve <role>", "approves promotions as this role: sre, security …"),
    service: name("--service <name>", "only for this service (default: every one)"),
    environment: name("--environment <name>", "only in this environment (default: every one)"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Gives the right checks.answer:<role>, approve:<role>, findings.judge, risks.accept, break-glass.sign,\n" +
    "break-glass.review, policy.change, people.vouch or access.review. Nobody has one who was not given it.\n" +
    "In team mode a right counts when two people have signed it (exit code 5).",
  examples: [
    "tidelock person grant maria@shop.example --role qa --environment staging",
    "tidelock person grant maria@shop.example --judge-findings --service shop",
    "tidelock person grant maria@shop.example --accept-risks --environment production",
  ],
  async run(context, { args, options }) {
    const body = {
      name: args.name,
      right: rightOf(options),
      service: options.service ?? null,
      environment: options.environment ?? null,
    };
    const view = await context.connect(options).call("grantAdd", { body });
    await printOne(context.terminal, context.format(options), givenCard(view, body));
    return waitNote(context.terminal, view);
  },
});

function rightOf(given: {
  readonly role: string | undefined;
  readonly judge: boolean;
  readonly policy: boolean;
  readonly accept: boolean;
  readonly breakGlass: boolean;
  readonly reviewGlass: boolean;
  readonly approve: string | undefined;
  readonly vouch: boolean;
  readonly review: boolean;
}): string {
  const { role, judge, policy, accept, approve, vouch, review, breakGlass, reviewGlass } = given;
  const rights = [
    ...(role === undefined ? [] : [`checks.answer:${role}`]),
    ...(approve === undefined ? [] : [approveRight(approve)]),
    ...(judge ? ["findings.judge"] : []),
    ...(accept ? ["risks.accept"] : []),
    ...(policy ? [policyRight] : []),
    ...(vouch ? [vouchRight] : []),
    ...(review ? [reviewRight] : []),
    ...(breakGlass ? [breakRight] : []),
    ...(reviewGlass ? [glassReviewRight] : []),
  ];
  const [right, another] = rights;
  if (right !== undefined && another === undefined) return right;
  const message =
    "name one right: --role, --approve, --judge-findings, --accept-risks, --policy, --vouch, --review, --break-glass or --review-glass";
  throw new TidelockError("invalid-input", message, {
    fault: "operator",
    where: "--role",
  });
}
