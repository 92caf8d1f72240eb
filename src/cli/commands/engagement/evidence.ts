import { writeFileSync } from "node:fs";
import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, connectionOptions, required, text } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { id: argument("id", "E-12"), file: argument("file", "its name, or its digest") },
  options: {
    output: required(text("--output <path>", "where to write it; nothing is overwritten")),
    ...connectionOptions,
  },
  examples: ["tidelock engagement evidence E-12 report.pdf --output report.pdf"],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const { engagement } = await client.call("engagementShow", { params: { id: args.id } });
    const wanted = engagement.evidence.find(
      ({ name, digest }) => name === args.file || digest === args.file,
    );
    if (wanted === undefined) {
      throw new TidelockError("not-found", `${args.id} has no file ${clean(args.file)}`, {
        fault: "operator",
        where: "file",
        hint: engagement.evidence.map(({ name }) => clean(name)).join(", "),
      });
    }
    const params = { id: args.id, digest: wanted.digest };
    const { content } = await client.call("engagementEvidence", { params });
    writeFileSync(options.output, Buffer.from(content, "base64"), { flag: "wx", mode: 0o600 });
    context.terminal.note(`${options.output}: ${wanted.digest}`);
    return exit.done;
  },
});
