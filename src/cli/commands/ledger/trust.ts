import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { TidelockError } from "../../../model/errors.ts";
import { TrustRoot } from "../../../model/trust.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { connectionOptions, text } from "../../options.ts";
import { printDocument } from "../../output/print.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    file: text("-o, --output-file <file>", "write it there instead of printing it"),
    operator: text("--operator <name>", "who administers this log"),
    anchor: text(
      "--with-checkpoint <yes|no>",
      "include the newest checkpoint as an anchor (default: yes)",
    ),
    ...connectionOptions,
  },
  details:
    "The keys of this server as an auditor's trust root. It says what this server says now: hand it over on a way\n" +
    "that you trust, before it is needed, and add witnesses and a quorum by hand.",
  async run(context, { options }) {
    const status = await context.connect(options).call("ledgerStatus", {});
    const signing = status.keys.filter(({ state }) => state === "active" || state === "ending");
    const keys = (use: string) => signing.filter((one) => one.use === use).map(({ key }) => key);
    const anchored = options.anchor !== "no" && status.checkpoint !== null;
    const trust = TrustRoot.parse({
      kind: "TrustRoot",
      formatVersion: 1,
      log: {
        origin: status.origin,
        keys: keys("log"),
        ...(options.operator === undefined ? {} : { operator: options.operator }),
      },
      anchors: anchored
        ? [
            {
              note: status.checkpoint?.note,
              from: `the server's own newest, ${status.checkpoint?.at}`,
            },
          ]
        : [],
      attestors: keys("evidence"),
    });
    if (options.file === undefined) {
      await printDocument(context.terminal, "json", trust);
      return exit.done;
    }
    const file = resolve(context.folder, options.file);
    try {
      writeFileSync(file, `${JSON.stringify(trust, null, 2)}\n`);
    } catch (error) {
      throw new TidelockError("invalid-input", "the trust root cannot be written there", {
        fault: "operator",
        where: file,
        hint: (error as Error).message,
      });
    }
    context.terminal.print(file);
    return exit.done;
  },
});
