import { connect } from "node:net";
import type { Client } from "../../api/client.ts";
import type { PromotionView } from "../../api/views.ts";
import type { Assertion, That } from "./definition.ts";
import { type MailboxPorts, mailsAt } from "./mailbox.ts";
import { type Answer, send, type Users } from "./users.ts";

/** What the steps of a lab have left to look at. */
export interface Story {
  readonly service: string;
  readonly client: Client;
  readonly promotions: ReadonlyMap<string, { readonly code: number; readonly view: PromotionView }>;
  readonly answers: ReadonlyMap<string, Answer>;
  readonly users: Users | null;
  readonly mailbox: MailboxPorts | null;
}

export interface Judged {
  readonly says: string;
  readonly holds: boolean;
  readonly seen: string;
}

/** Looks, and says what was seen; something that cannot be looked at does not hold. */
export async function judge(story: Story, { says, that }: Assertion): Promise<Judged> {
  try {
    return { says, ...(await look(story, that)) };
  } catch (error) {
    return { says, holds: false, seen: error instanceof Error ? error.message : String(error) };
  }
}

type Look = Omit<Judged, "says">;

async function look(story: Story, that: That): Promise<Look> {
  switch (that.kind) {
    case "exit": {
      const { code, view } = promotionOf(story, that.of);
      return { holds: that.is.includes(code), seen: `exit code ${code}: ${view.message}` };
    }
    case "check":
      return lookAtCheck(story, that);
    case "not-begun": {
      const { view } = promotionOf(story, that.of);
      const run = view.checks.find(({ name }) => name === that.name);
      const planned = view.steps.some(({ title }) => title.includes(that.name));
      const begun = run !== undefined && (run.report?.exercised.requests ?? 0) > 0;
      return {
        holds: planned && !begun,
        seen: run?.report
          ? `${run.report.verdict}: ${run.report.summary}`
          : `${planned ? "never begun" : "not in the plan"}`,
      };
    }
    case "live": {
      const { items: lanes } = await story.client.call("status", {
        query: { service: story.service },
      });
      const lane = lanes.find(({ environment }) => environment === that.environment);
      const live = lane?.colours.find((colour) => colour.live);
      const version = live?.release?.version ?? "nothing";
      return { holds: version === that.version, seen: `${version} is live on ${live?.colour}` };
    }
    case "same": {
      const [first, second] = that.answers.map((id) => story.answers.get(id));
      const holds = first !== undefined && first.body === second?.body;
      return { holds, seen: holds ? `${first.body.length} bytes, the same` : "they differ" };
    }
    case "answer": {
      const { status, body } = await send(that.ask);
      const holds =
        status === that.status &&
        (that.contains === undefined || body.includes(that.contains)) &&
        (that.lacks === undefined || !body.includes(that.lacks));
      return { holds, seen: `${status}: ${body.slice(0, 100)}` };
    }
    case "users": {
      const { users } = story;
      if (users === null) return { holds: false, seen: "there were no users" };
      const met = [...users.met].map(([name, count]) => `${count} by ${name}`);
      const others = [...users.met.keys()].filter((name) => !that.only.includes(name));
      const holds = users.failed === 0 && others.length === 0 && users.sent >= that.atLeast;
      return { holds, seen: `${users.sent} requests, ${users.failed} failed, ${met.join(", ")}` };
    }
    case "closed": {
      const open = await listens(that.address);
      return { holds: !open, seen: `${that.address} is ${open ? "open" : "closed"}` };
    }
    case "mails": {
      if (story.mailbox === null) return { holds: false, seen: "this lab has no mail server" };
      const count = await mailsAt(story.mailbox);
      return { holds: count === that.count, seen: `${count} mails` };
    }
  }
}

function lookAtCheck(story: Story, that: Extract<That, { kind: "check" }>): Look {
  const { view } = promotionOf(story, that.of);
  const runs = view.checks.filter(({ name, report }) => name === that.name && report !== null);
  const report = runs.at(-1)?.report;
  if (!report) return { holds: false, seen: "it did not run" };
  const text = [report.summary, ...report.results.map(({ message }) => message)].join("\n");
  const holds =
    that.verdict.includes(report.verdict) && (that.says === undefined || text.includes(that.says));
  return { holds, seen: `${report.verdict}: ${report.summary}` };
}

function promotionOf(story: Story, id: string): { code: number; view: PromotionView } {
  const found = story.promotions.get(id);
  if (found === undefined) throw new Error(`there was no promotion ${id}`);
  return found;
}

function listens(address: string): Promise<boolean> {
  const [host = "", port = ""] = address.split(":");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
