import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { readEvidenceFile } from "../../evidence/files.ts";
import { personCard } from "../../manual/card.ts";
import { argument, connectionOptions, outputOption, text, texts } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { waitNote } from "../../policy/wait-note.ts";

export const command = defineCommand({
  arguments: { name: argument("name", "an e-mail address is best: commits have one") },
  options: {
    key: text("--key <file>", "public key in PEM: Ed25519, ECDSA P-256 or P-384"),
    also: texts("--also <name>", "another name or address of the same person (repeatable)"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Name every address under which the person commits: work under any of them is own work, and nobody answers for that. Names stand in no evidence, only a pseudonym.",
  examples: ["tidelock person add maria@shop.example --key maria.pub --also mk@home.example"],
  async run(context, { args, options }) {
    if (options.key === undefined && options.also.length === 0) {
      throw new TidelockError("invalid-input", "give a public key, another name, or both", {
        fault: "operator",
        where: "--key, --also",
      });
    }
    const key =
      options.key === undefined ? undefined : publicKey(Buffer.from(readEvidenceFile(options.key)));
    const view = await context.connect(options).call("personAdd", {
      body: { name: args.name, also: [...options.also], ...(key === undefined ? {} : { key }) },
    });
    await printOne(context.terminal, context.format(options), personCard(view));
    return waitNote(context.terminal, view);
  },
});

/** A private key never leaves this machine, also by mistake. */
function publicKey(bytes: Buffer): string {
  const pem = bytes.toString("utf8");
  if (!/PRIVATE KEY/.test(pem)) return pem;
  throw new TidelockError("invalid-input", "this is a private key, and it was not sent", {
    fault: "operator",
    where: "--key",
    hint: "make its public half: openssl pkey -in key.pem -pubout -out key.pub",
  });
}
