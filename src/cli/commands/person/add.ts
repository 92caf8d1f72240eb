import { TidelockError } from "../../../model/errors.ts";
import { HostAccount } from "../../../model/git-host.ts";
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
    sshKey: text(
      "--ssh-key <file>",
      "OpenSSH public key (id.pub) that signs commits, and nothing else",
    ),
    gpgKey: text(
      "--gpg-key <file>",
      "OpenPGP certificate (gpg --armor --export) that signs commits, and nothing else",
    ),
    also: texts("--also <name>", "another name or address of the same person (repeatable)"),
    hostAccount: texts(
      "--host-account <host:id>",
      "account at a git host, by its id: github:583231",
    ),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Name every address under which the person commits: work under any of them is own work, and nobody answers for that. Names stand in no evidence, only a pseudonym.\n" +
    "Whoever it is makes the pair of keys, and hands over the public one: openssl genpkey -algorithm ed25519 -out\n" +
    "maria.pem, then openssl pkey -in maria.pem -pubout -out maria.pub.",
  examples: ["tidelock person add maria@shop.example --key maria.pub --also mk@home.example"],
  async run(context, { args, options }) {
    const files = [options.key, options.sshKey, options.gpgKey].filter(
      (file) => file !== undefined,
    );
    const keys = files.map((file) => publicKey(Buffer.from(readEvidenceFile(file))));
    const also = [...options.also, ...options.hostAccount.map(checkedAccount)];
    const [first, ...more] = keys;
    if (first === undefined && also.length === 0) {
      throw new TidelockError("invalid-input", "give a public key, another name, or both", {
        fault: "operator",
        where: "--key, --ssh-key, --gpg-key, --also, --host-account",
      });
    }
    const client = context.connect(options);
    const add = (key: string | undefined, names: string[]) =>
      client.call("personAdd", {
        body: { name: args.name, also: names, ...(key === undefined ? {} : { key }) },
      });
    let view = await add(first, also);
    for (const key of more) {
      if (view.waitsFor !== undefined) waitNote(context.terminal, view);
      view = await add(key, []);
    }
    await printOne(context.terminal, context.format(options), personCard(view));
    return waitNote(context.terminal, view);
  },
});

/** `github:12345`; who has a name of that form at a host may give it up, the id never goes to another. */
function checkedAccount(account: string): string {
  if (HostAccount.safeParse(account).success) return account;
  throw new TidelockError("invalid-input", `${account} is no account at a git host`, {
    fault: "operator",
    where: "--host-account",
    hint: "write <host>:<id> with the number or UUID that the host's API says: github:583231, git.shop.example:7",
  });
}

/** A private key never leaves this machine, also by mistake. */
function publicKey(bytes: Buffer): string {
  const pem = bytes.toString("utf8");
  if (!/PRIVATE KEY/.test(pem)) return pem;
  throw new TidelockError("invalid-input", "this is a private key, and it was not sent", {
    fault: "operator",
    where: "--key",
    hint: /BEGIN PGP/.test(pem)
      ? "export its certificate: gpg --armor --export-options export-minimal --export <address>"
      : "make its public half: openssl pkey -in key.pem -pubout -out key.pub",
  });
}
