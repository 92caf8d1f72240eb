import { TidelockError } from "../../../model/errors.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { name, outputOption, required, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { when } from "../../output/words.ts";
import { scopeText } from "../../access/cards.ts";
import { exchangeWorkload } from "../../workload/exchange.ts";
import { readSmall } from "../../workload/read-file.ts";

export const command = defineCommand({
  arguments: {},
  options: {
    url: text("--url <address>", "server to talk to (TIDELOCK_URL)"),
    oidcToken: required(
      text("--oidc-token <file>", "the platform's token; - reads it from standard input"),
    ),
    rule: name("--rule <name>", "by which rule, where several let it in"),
    ...outputOption,
  },
  details: "Needs no token of ours: the platform's says who asks. It is used up by it.",
  examples: [
    "export TIDELOCK_TOKEN=$(tidelock workload token --url https://tidelock.shop.example --oidc-token token.jwt -o name)",
  ],
  async run(context, { options }) {
    const { url } = context.settings(options);
    if (url === null) {
      throw new TidelockError("invalid-input", "say which server gives the token", {
        fault: "operator",
        where: "--url",
        hint: "--url https://…, or TIDELOCK_URL",
      });
    }
    const token = readSmall(options.oidcToken, "the token").trim();
    const wish = { token, ...(options.rule === undefined ? {} : { rule: options.rule }) };
    const view = await exchangeWorkload(url.value, wish, context.signal);
    await printOne(context.terminal, context.format(options), {
      item: view,
      name: view.token,
      lines: [
        ["token", view.token],
        ["id", view.id],
        ["rule", view.rule],
        ["may", view.role],
        ["where", scopeText(view)],
        ["until", when(view.expiresAt)],
      ],
    });
    return exit.done;
  },
});
