import type { GateExplanation } from "../../../api/views/gate.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { CommandContext } from "../../context.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { printExplanation } from "../../gate/explanation-text.ts";
import { argument, connectionOptions, flag, name, outputOption } from "../../options.ts";
import { releaseReference } from "../../release-reference.ts";

export const command = defineCommand({
  arguments: {
    of: argument("of", "a promotion; shop/production for the newest there; or a release with --to"),
  },
  options: {
    to: name("--to <environment>", "of a release: what its gate would say there, now"),
    json: flag("--json", "the same as -o json"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Worst first: each rule, what it read, the evidence it leaned on with its age, and what would change it. Of what was\n" +
    "decided it shows the inputs that were kept; of what is not at its gate yet it says so, and what the gate would say\n" +
    "now. `-o wide` shows what the parts that let it through have read. Changes nothing.\n" +
    "Exit code 3 when the answer is no, 5 when it has to wait or is not known yet.",
  examples: [
    "tidelock gate explain pk3x9a0b2m4q",
    "tidelock gate explain shop/production",
    "tidelock gate explain shop@1.4.2 --to production",
  ],
  async run(context, { args, options }) {
    const view = await explanation(context, args.of, options);
    const format = options.json ? "json" : context.format(options);
    await printExplanation(context.terminal, format, view);
    const codes = {
      allow: exit.done,
      deny: exit.denied,
      wait: exit.waiting,
      "break-glass": exit.done,
    };
    return codes[view.outcome];
  },
});

type Flags = Parameters<CommandContext["connect"]>[0] & { readonly to: string | undefined };

async function explanation(
  context: CommandContext,
  of: string,
  options: Flags,
): Promise<GateExplanation> {
  const client = context.connect(options);
  if (options.to !== undefined) {
    const { service, release } = await releaseReference(context, of, options);
    const params = { service, environment: options.to };
    return client.call("gateExplain", { params, query: { release } });
  }
  const [service = "", environment, ...more] = of.split("/");
  if (more.length > 0 || service === "" || environment === "") {
    throw new TidelockError("invalid-input", `${of} is neither a promotion nor a service's lane`, {
      fault: "operator",
      where: of,
      hint: "write the id of a promotion, shop/production, or shop@1.4.2 --to production",
    });
  }
  if (of.includes("@")) {
    throw new TidelockError("invalid-input", "where would that release go?", {
      fault: "operator",
      where: of,
      hint: `say it: tidelock gate explain ${of} --to production`,
    });
  }
  if (environment === undefined) return client.call("promotionExplain", { params: { id: of } });
  return client.call("gateExplain", { params: { service, environment }, query: {} });
}
