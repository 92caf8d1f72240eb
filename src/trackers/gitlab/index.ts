import { z } from "zod";
import type { TrackerSettings } from "../../model/service-security.ts";
import type { TrackedIssue, Tracker, TrackerCall } from "../../ports/tracker.ts";
import { ask, base } from "../ask.ts";

type Settings = Extract<TrackerSettings, { kind: "gitlab" }>;

const Issue = z.object({
  iid: z.int().positive(),
  web_url: z.string().nullish(),
  state: z.enum(["opened", "closed"]),
});

/** GitLab's REST API, version 4. */
export const gitlab: Tracker<Settings> = {
  id: "gitlab",
  async find(settings, marker, call) {
    const query = new URLSearchParams({ labels: marker, state: "all", per_page: "1" });
    const [found] = await ofProject(settings, call, "GET", `issues?${query}`, z.array(Issue));
    return found ? tracked(found) : null;
  },
  async create(settings, { marker, title, body }, call) {
    // Confidential: what is not repaired yet is nobody else's to read.
    const content = { title, description: body, labels: `security,${marker}`, confidential: true };
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
  const headers = { "private-token": call.token };
  const address = `${base(url)}/api/v4/projects/${encodeURIComponent(project)}/${path}`;
  return ask(`GitLab (${project})`, { method, url: address, headers, content }, call, schema);
}

function tracked({ iid, web_url, state }: z.infer<typeof Issue>): TrackedIssue {
  return { id: String(iid), url: web_url ?? null, state: state === "opened" ? "open" : "done" };
}
