import { GlassWishFor } from "../../../model/break-glass.ts";
import { TidelockError } from "../../../model/errors.ts";
import { Duration } from "../../../model/primitives.ts";
import { glassCard } from "../../break-glass/card.ts";
import { signGlassShown } from "../../break-glass/sign-glass.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import {
  choice,
  connectionOptions,
  flag,
  name,
  optionalArgument,
  outputOption,
  required,
  text,
} from "../../options.ts";
import { printOne } from "../../output/print.ts";

export const command = defineCommand({
  arguments: { promotion: optionalArgument("promotion", "one that waits, or was denied") },
  options: {
    service: name("--service <name>", "instead of a promotion: whose release"),
    environment: name("--environment <name>", "where it is to go"),
    release: text("--release <release>", "which one: its version, or its digest"),
    reason: required(text("--reason <text>", "what happens, and why it cannot wait")),
    expires: text("--expires <time>", "it counts so long: 30m, 2h (default 1h)"),
    scope: choice("--scope <word>", "`window`: only windows and freezes (default: all)", [
      "all",
      "window",
    ] as const),
    check: text("--check <names>", "checks that may say whatever they will; with commas"),
    key: text("--key <file>", "sign it at once, as the first person"),
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "For an emergency. Writes down exactly what the gate says against it now, and would be set aside for this one plan.\n" +
    "It counts when a second person has signed it, for one promotion, until it expires. Somebody else reviews it\n" +
    "afterwards; until then nothing else goes there. A return of traffic needs none: tidelock rollback.",
  examples: [
    'tidelock break-glass open pk3x9a0b2m4q --reason "orders are lost" --expires 2h --key maria.pem',
    'tidelock break-glass open --service shop --environment production --release 1.4.3 --scope window --reason "the fix cannot wait for Monday" --key maria.pem',
  ],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const wish = wishOf(options);
    const { service, environment, release, key, yes } = options;
    const { promotion } = args;
    const opened =
      promotion !== undefined
        ? await client.call("breakGlassOpenFor", { params: { id: promotion }, body: wish })
        : await client.call("breakGlassOpen", {
            body: { ...wish, ...whole({ service, environment, release }) },
          });
    const view = key === undefined ? opened : await signed(opened, key);
    await printOne(context.terminal, context.format(options), glassCard(view));
    return view.state === "in-force" ? exit.done : exit.waiting;

    async function signed(of: typeof opened, file: string): Promise<typeof opened> {
      const answer = (person: string) => ({ purpose: "break-glass" as const, person });
      const envelope = await signGlassShown(context, client, of, answer, { key: file, yes });
      return client.call("breakGlassSign", { params: { id: of.id }, body: { signed: envelope } });
    }
  },
});

function whole(of: {
  readonly service: string | undefined;
  readonly environment: string | undefined;
  readonly release: string | undefined;
}) {
  const { service, environment, release } = of;
  if (service !== undefined && environment !== undefined && release !== undefined) {
    return { service, environment, release };
  }
  throw wrong("name a promotion, or --service, --environment and --release", "promotion");
}

function wishOf(given: {
  readonly reason: string;
  readonly expires: string | undefined;
  readonly scope: "all" | "window" | undefined;
  readonly check: string | undefined;
}): GlassWishFor {
  const expires = Duration.safeParse(given.expires ?? "1h");
  const parsed = GlassWishFor.safeParse({
    reason: given.reason,
    expiresMs: expires.success ? expires.data : 0,
    scope: given.scope ?? "all",
    checks: given.check?.split(",").map((one) => one.trim()) ?? [],
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = String(issue?.path[0] ?? "");
  if (where === "expiresMs") throw wrong("between 1m and 24h, such as 30m or 2h", "--expires");
  throw wrong(issue?.message ?? "this does not fit", where === "checks" ? "--check" : `--${where}`);
}

function wrong(message: string, where: string): TidelockError {
  return new TidelockError("invalid-input", message, {
    fault: "operator",
    where,
    hint: "see the examples: tidelock break-glass open --help",
  });
}
