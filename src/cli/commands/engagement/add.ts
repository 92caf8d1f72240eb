import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import type { Client } from "../../../api/client.ts";
import { encodeBase64 } from "../../../evidence/bytes.ts";
import { encodeEnvelope } from "../../../evidence/dsse.ts";
import { engagementStatement, engagementText } from "../../../evidence/predicates/engagement.ts";
import { signStatement } from "../../../evidence/statement.ts";
import { Engagement, EngagementKind } from "../../../model/engagement.ts";
import { TidelockError } from "../../../model/errors.ts";
import { Digest } from "../../../model/primitives.ts";
import { confirm } from "../../confirm.ts";
import { defineCommand } from "../../define-command.ts";
import { engagementCard } from "../../engagement-card.ts";
import { signerOf } from "../../evidence/signer.ts";
import { whoseKey } from "../../evidence/whose-key.ts";
import { exit } from "../../exit-codes.ts";
import {
  argument,
  connectionOptions,
  flag,
  name,
  outputOption,
  required,
  text,
  texts,
} from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { service: argument("service", "what was looked at") },
  options: {
    kind: text("--kind <word>", `${EngagementKind.options.join(", ")} (default: the first)`),
    environment: name("--environment <name>", "where, if it was about one"),
    release: text("--release <release>", "version or digest, if it was about one"),
    party: required(text("--party <name>", "who did it")),
    scope: required(text("--scope <text>", "what was to be attacked, and what was not")),
    began: required(text("--began <date>", "first day, YYYY-MM-DD")),
    ended: required(text("--ended <date>", "last day")),
    validUntil: required(text("--valid-until <date>", "last day on which it says something")),
    outcome: required(text("--outcome <text>", "what came of it, in a sentence")),
    evidence: texts("--evidence <file>", "a report or whatever else shows it; may be repeated"),
    key: required(text("--key <file>", "your private key in PEM, enrolled with `person add`")),
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Records a penetration test, a red team's exercise or a bug bounty, signed by a person with the right to judge findings.\n" +
    "The check `engagement` asks for one that still counts; what was found is imported with `findings import --scan <id>`.",
  examples: [
    "tidelock engagement add shop --party 'Acme Red' --scope 'API and web, no denial of service' --began 2026-10-01 --ended 2026-10-12 --valid-until 2027-10-12 --outcome 'two findings, both repaired' --evidence report.pdf --key maria.pem",
  ],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const files = await Promise.all(options.evidence.map(measure));
    const engagement = read({
      kind: options.kind ?? EngagementKind.options[0],
      service: args.service,
      environment: options.environment ?? null,
      release: await releaseOf(client, args.service, options.release),
      party: options.party,
      scope: options.scope,
      began: options.began,
      ended: options.ended,
      validUntil: options.validUntil,
      outcome: options.outcome,
      evidence: files.map(({ path, digest }) => ({ name: basename(path), digest })),
    });
    const signer = signerOf(options.key);
    const { person, name: who } = await whoseKey(client, signer.name);
    const { origin } = await client.call("ledgerStatus", {});
    const signed = { engagement, ledger: origin, person };
    for (const line of engagementText(signed)) context.terminal.note(clean(line, 10_000));
    context.terminal.note(`(${person} is ${clean(who)})`);
    await confirm(context, "Sign this?", options.yes);
    for (const { path, digest, size } of files) {
      if (!(await client.hasBlob(digest)))
        await client.putBlob(digest, size, createReadStream(path));
    }
    const statement = engagementStatement(signed);
    const envelope = encodeBase64(encodeEnvelope(await signStatement(signer, statement)));
    const view = await client.call("engagementAdd", { body: { envelope } });
    await printOne(context.terminal, context.format(options), engagementCard(view));
    return exit.done;
  },
});

function read(given: object): Engagement {
  const result = Engagement.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new TidelockError("invalid-input", issue?.message ?? "it does not fit", {
    fault: "operator",
    where: `--${String(issue?.path[0] ?? "").replace(/[A-Z]/g, (one) => `-${one.toLowerCase()}`)}`,
  });
}

async function releaseOf(client: Client, service: string, release: string | undefined) {
  if (release === undefined) return null;
  return (await client.call("releaseShow", { params: { service, release } })).id;
}

async function measure(path: string) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) {
    throw new TidelockError("not-found", `there is no file ${path}`, {
      fault: "operator",
      where: "--evidence",
    });
  }
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return { path, size: found.size, digest: Digest.parse(`sha256:${hash.digest("hex")}`) };
}
