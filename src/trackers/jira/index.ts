import { z } from "zod";
import type { TrackerSettings } from "../../model/service-security.ts";
import type { TrackedIssue, Tracker, TrackerCall } from "../../ports/tracker.ts";
import { ask, base } from "../ask.ts";

type Settings = Extract<TrackerSettings, { kind: "jira" }>;

const key = z.string().regex(/^[A-Z][A-Z0-9_]*-\d+$/);
const Issue = z.object({
  key,
  fields: z.object({ status: z.object({ statusCategory: z.object({ key: z.string() }) }) }),
});

/** Jira's REST API, version 2: its texts are plain, and Cloud and Data Center both answer it. */
export const jira: Tracker<Settings> = {
  id: "jira",
  async find(settings, marker, call) {
    // The marker has no character that JQL knows; it is quoted all the same.
    const jql = `project = "${settings.project}" AND labels = "${marker}"`;
    const query = new URLSearchParams({ jql, fields: "status", maxResults: "1" });
    const path = `${settings.user === undefined ? "search" : "search/jql"}?${query}`;
    const { issues } = await ofSite(
      settings,
      call,
      "GET",
      path,
      z.object({ issues: z.array(Issue) }),
    );
    const [found] = issues;
    return found ? tracked(settings, found) : null;
  },
  async create(settings, { marker, title, body }, call) {
    const fields = {
      project: { key: settings.project },
      issuetype: { name: settings.issueType },
      summary: title.slice(0, 255),
      description: body,
      labels: ["security", marker],
    };
    const made = await ofSite(settings, call, "POST", "issue", z.object({ key }), { fields });
    return { id: made.key, url: browse(settings, made.key), state: "open" };
  },
  async read(settings, id, call) {
    const path = `issue/${encodeURIComponent(id)}?fields=status`;
    return tracked(settings, await ofSite(settings, call, "GET", path, Issue));
  },
};

async function ofSite<T>(
  { url, project, user }: Settings,
  call: TrackerCall,
  method: "GET" | "POST",
  path: string,
  schema: z.ZodType<T>,
  content?: object,
): Promise<T> {
  const basic = Buffer.from(`${user}:${call.token}`).toString("base64");
  const authorization = user === undefined ? `Bearer ${call.token}` : `Basic ${basic}`;
  const headers = { accept: "application/json", authorization };
  const address = `${base(url)}/rest/api/2/${path}`;
  return ask(`Jira (${project})`, { method, url: address, headers, content }, call, schema);
}

function tracked(settings: Settings, issue: z.infer<typeof Issue>): TrackedIssue {
  const done = issue.fields.status.statusCategory.key === "done";
  return { id: issue.key, url: browse(settings, issue.key), state: done ? "done" : "open" };
}

function browse({ url }: Settings, id: string): string {
  return `${base(url)}/browse/${id}`;
}
