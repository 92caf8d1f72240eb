import { TidelockError } from "../../../model/errors.ts";
import { ServiceSecurity } from "../../../model/service-security.ts";
import type { ServiceSecurityView } from "../../../api/routes/security.ts";
import { defineCommand } from "../../define-command.ts";
import { exit } from "../../exit-codes.ts";
import { argument, choice, connectionOptions, flag, outputOption, text } from "../../options.ts";
import { printOne } from "../../output/print.ts";
import { when } from "../../output/words.ts";

export const command = defineCommand({
  arguments: { service: argument("service", "which service") },
  options: {
    owner: text("--owner <name>", "who answers for its security"),
    contact: text("--contact <address>", "how to reach them"),
    sla: text("--sla <days>", "how long findings may stay: critical=7,high=30,medium=90,low=120"),
    tracker: choice("--tracker <kind>", "where findings that are not urgent wait", [
      "github",
      "gitlab",
      "jira",
      "webhook",
    ]),
    withoutTracker: flag("--without-tracker", "write them into no tracker any more"),
    project: text("--project <project>", "owner/name, group/project, or a project's key in Jira"),
    trackerUrl: text(
      "--tracker-url <address>",
      "of the tracker's API, where it is not the public one",
    ),
    token: text(
      "--token <environment/secret>",
      "secret of the service that the tracker is asked with: production/TRACKER_TOKEN",
    ),
    user: text("--user <account>", "Jira Cloud: whose token it is"),
    issueType: text("--issue-type <name>", "Jira: what kind of issue (default: Task)"),
    severities: text("--severities <words>", "which findings wait there (default: medium,low)"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Without an option that changes something it shows what stands. The token is a secret of the service whose name begins\n" +
    "with TRACKER_ (`tidelock secret set`): no other one is ever sent to a tracker.",
  examples: [
    "tidelock service security shop --owner 'Security of Payments' --contact sec@shop.example --sla critical=3,high=14",
    "tidelock service security shop --tracker github --project acme/shop --token production/TRACKER_TOKEN",
  ],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const params = { service: args.service };
    const now = await client.call("securityShow", { params });
    const security = changed(now, options);
    const view =
      security === null
        ? now
        : await client.call("securitySet", { params, body: { security, basedOn: now.version } });
    await printOne(context.terminal, context.format(options), card(view));
    if (now.tracker && view.tracker && now.tracker.url !== view.tracker.url) {
      context.terminal.note(
        "the tracker is elsewhere now: its token is sent there once it was set again (tidelock secret set)",
      );
    }
    return exit.done;
  },
});

interface Wanted {
  readonly owner: string | undefined;
  readonly contact: string | undefined;
  readonly sla: string | undefined;
  readonly tracker: "github" | "gitlab" | "jira" | "webhook" | undefined;
  readonly withoutTracker: boolean;
  readonly project: string | undefined;
  readonly trackerUrl: string | undefined;
  readonly token: string | undefined;
  readonly user: string | undefined;
  readonly issueType: string | undefined;
  readonly severities: string | undefined;
}

/** What should stand from now on; null when nothing was asked for. */
function changed(now: ServiceSecurityView, wanted: Wanted): ServiceSecurity | null {
  const { owner, contact, sla, tracker, withoutTracker } = wanted;
  const asked = [owner, contact, sla, tracker].some((one) => one !== undefined) || withoutTracker;
  const alone = (
    ["project", "trackerUrl", "token", "user", "issueType", "severities"] as const
  ).find((key) => wanted[key] !== undefined && tracker === undefined);
  if (alone !== undefined) throw wrong(`--${alone}`, "it belongs to --tracker <kind>");
  if (!asked) return null;
  const read = ServiceSecurity.safeParse({
    owner: owner ?? now.owner,
    contact: contact ?? now.contact,
    sla: sla === undefined ? now.sla : { ...now.sla, ...daysOf(sla) },
    tracker: withoutTracker ? null : tracker === undefined ? now.tracker : trackerOf(wanted),
  });
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw wrong(issue?.path.join(".") ?? "", issue?.message ?? "it does not fit");
}

function trackerOf(wanted: Wanted): object {
  const { tracker: kind, project, trackerUrl: url, user, issueType, severities } = wanted;
  const [environment, secret, ...more] = wanted.token?.split("/") ?? [];
  if (secret === undefined || more.length > 0) {
    throw wrong("--token", "write <environment>/<secret>, like production/TRACKER_TOKEN");
  }
  return {
    kind,
    ...(project === undefined ? {} : { project }),
    ...(url === undefined ? {} : { url }),
    ...(user === undefined ? {} : { user }),
    ...(issueType === undefined ? {} : { issueType }),
    ...(severities === undefined ? {} : { severities: severities.split(",") }),
    token: { environment, secret },
  };
}

function daysOf(text: string): Readonly<Record<string, number | null>> {
  return Object.fromEntries(
    text.split(",").map((part) => {
      const [, severity = "", days] =
        /^(critical|high|medium|low|info)=([1-9]\d{0,3}|none)$/.exec(part) ?? [];
      if (days === undefined)
        throw wrong("--sla", "write days by severity: critical=7,high=30,info=none");
      return [severity, days === "none" ? null : Number(days)];
    }),
  );
}

function wrong(where: string, message: string): TidelockError {
  return new TidelockError("invalid-input", message, { fault: "operator", where });
}

function card(view: ServiceSecurityView) {
  const { owner, contact, sla, tracker, setAt, setBy, service } = view;
  return {
    item: view,
    name: service,
    lines: [
      ["owner", owner === "" ? "nobody is named" : owner],
      ...(contact === "" ? [] : [["contact", contact] as const]),
      [
        "findings end within",
        Object.entries(sla)
          .map(([severity, days]) => `${severity} ${days === null ? "whenever" : `${days} days`}`)
          .join(", "),
      ],
      ["tracker", trackerLine(tracker)],
      ["said", setAt === null ? "never: defaults stand" : `${when(setAt)} by ${setBy}`],
    ] as const,
  };
}

function trackerLine(tracker: ServiceSecurityView["tracker"]): string {
  if (tracker === null) return "none";
  const place = "project" in tracker ? `${tracker.project} at ${tracker.url}` : tracker.url;
  return `${tracker.kind}: ${place}, for ${tracker.severities.join(" and ")}`;
}
