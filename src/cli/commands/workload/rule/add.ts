import { Platform, usualLastsMs, usualMaxAgeMs } from "../../../../model/workload.ts";
import { defineCommand } from "../../../define-command.ts";
import {
  argument,
  choice,
  connectionOptions,
  duration,
  flag,
  name,
  outputOption,
  required,
  text,
  texts,
} from "../../../options.ts";
import { printOne } from "../../../output/print.ts";
import { waitNote } from "../../../policy/wait-note.ts";
import { ruleCard } from "../../../workload/cards.ts";
import { readClaims } from "../../../workload/claims.ts";
import { readJwks } from "../../../workload/read-file.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "what it is for: shop-main") },
  options: {
    platform: required(choice("--platform <platform>", "whose tokens they are", Platform.options)),
    issuer: required(
      text("--issuer <address>", "as its tokens have it in `iss`, to the character"),
    ),
    audience: required(
      text("--audience <text>", "what its tokens have to be for: this server's address"),
    ),
    claim: texts(
      "--claim <name=value>",
      "has to be so; of one name several: any of them (repeatable)",
    ),
    anyWorkflow: flag("--any-workflow", "whatever workflow of the place it is"),
    role: name("--role <role>", "what it gets (default: ci)"),
    service: name("--service <name>", "only for this service (default: every one)"),
    environment: name("--environment <name>", "only in this environment (default: every one)"),
    lasts: duration("--lasts <time>", "how long a token counts, at most 1h (default: 15m)"),
    maxAge: duration(
      "--max-age <time>",
      "how old the platform's may be, at most 24h (default: 1h)",
    ),
    jwks: text("--jwks <file>", "the issuer's public keys, where it cannot be asked"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Every claim is compared as a whole. A rule has to name the ids that stay when a repository or project is renamed or\n" +
    "its name taken by somebody else, what is protected, and the workflow; what is missing is said with the reason.\n" +
    "In team mode it counts when two people have signed it (exit code 5).",
  examples: [
    "tidelock workload rule add shop-main --platform github --issuer https://token.actions.githubusercontent.com --audience https://tidelock.shop.example --claim repository_id=424242 --claim repository_owner_id=2020 --claim ref=refs/heads/main --claim ref_type=branch --claim 'job_workflow_ref=shop-org/shop/.github/workflows/release.yml@*' --service shop",
  ],
  async run(context, { args, options }) {
    const view = await context.connect(options).call("workloadRuleAdd", {
      body: {
        name: args.name,
        platform: Platform.parse(options.platform),
        issuer: options.issuer,
        audience: options.audience,
        claims: readClaims(options.claim),
        anyWorkflow: options.anyWorkflow,
        role: options.role ?? "ci",
        service: options.service ?? null,
        environment: options.environment ?? null,
        lastsMs: options.lasts ?? usualLastsMs,
        maxAgeMs: options.maxAge ?? usualMaxAgeMs,
        jwks: options.jwks === undefined ? null : readJwks(options.jwks),
      },
    });
    await printOne(context.terminal, context.format(options), ruleCard(view));
    return waitNote(context.terminal, view);
  },
});
