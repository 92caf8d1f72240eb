import { z } from "zod";
import type { TrackerSettings } from "../../model/service-security.ts";
import type { TrackedIssue, Tracker, TrackerCall } from "../../ports/tracker.ts";
import { ask, base } from "../ask.ts";

type Settings = Extract<TrackerSettings, { kind: "github" }>;

const Issue = z.object({
  number: z.int().positive(),
  html_url: z.string().nullish(),
  state: z.enum(["open", "closed"]),
});

/** GitHub's REST API, version 2022-11-28, and what speaks it (Gitea and Forgejo do, for these three calls). */
export const github: Tracker<Settings> = {
  id: "github",
  async find(settings, marker, call) {
    const query = new URLSearchParams({ labels: marker, state: "all", per_page: "1" });
    const [found] = await ofProject(settings, call, "GET", `issues?${query}`, z.array(Issue));
    return found ? tracked(found) : null;
  },
  async create(settings, { marker, title, body }, call) {
    const content = { title, body, labels: ["security", marker] };
    return tracked(await ofProject(settings, call, "POST", "issues", Issue, content));
  },
  async read(settings, id, call) {
    return tracked(
      await ofProject(settings, call, "GET", `issues/${encodeURIComponent(id)}`, Issue),
    );
  },
};

async function ofProject<T>(
  { url, project }: Settings,
  call: TrackerCall,
  method: "GET" | "POST",
  path: string,
  schema: z.ZodType<T>,
  content?: object,
): Promise<T> {
  const headers = {
    accept: "application/vnd.github+json",
    authorization: `Bearer ${call.token}`,
    "x-github-api-version": "2022-11-28",
  };
  const address = `${base(url)}/repos/${project}/${path}`;
  return ask(`GitHub (${project})`, { method, url: address, headers, content }, call, schema);
}

function tracked({ number, html_url, state }: z.infer<typeof Issue>): TrackedIssue {
  return { id: String(number), url: html_url ?? null, state: state === "open" ? "open" : "done" };
}
