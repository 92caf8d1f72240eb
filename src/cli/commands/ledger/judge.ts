import { judgeCheckpoints } from "../../../ledger/divergence.ts";
import { parseEvidence } from "../../../ledger/evidence-file.ts";
import { parseVerifierKey } from "../../../ledger/note.ts";
import { readText } from "../../audit/read-inputs.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, text, texts } from "../../options.ts";
import { clean } from "../../terminal.ts";

export const command = defineCommand({
  arguments: { evidence: argument("evidence", "a file that a witness or a server has kept") },
  options: {
    key: {
      ...texts("--key <key>", "the log's verifier key, from somebody you trust"),
      required: true,
    },
    origin: text("--origin <origin>", "the log's name (default: the key's)"),
  },
  details:
    "Judges two checkpoints of one log without a server: split view (two roots for one size), fork (the bigger tree has another beginning) or rewind. Exit code 7 when the log's own signatures show one of these, 0 when the later continues the earlier, 1 when nothing is proven.",
  examples: ["tidelock ledger judge evidence/3f2a….json --key tidelock/1f…+4b2c…+AS…"],
  async run({ terminal }, { args, options }) {
    const given = parseEvidence(readText(args.evidence, "the evidence"));
    const keys = options.key.map(parseVerifierKey);
    const origin = options.origin ?? keys[0]?.name ?? "";
    const judged = judgeCheckpoints({ ...given, keys, origin });
    switch (judged.kind) {
      case "consistent":
        terminal.print("consistent: the later checkpoint continues the earlier one");
        return exit.done;
      case "diverged":
        terminal.print(clean(judged.evidence.message));
        return exit.verification;
      case "unproven":
        terminal.print(clean(`unproven: ${judged.message}`));
        return exit.failed;
      case "invalid":
        terminal.print(clean(`invalid: ${judged.message}`));
        return exit.verification;
    }
  },
});
