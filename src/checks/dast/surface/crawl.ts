import type { Exchange } from "../../exchange.ts";
import type { DastConfiguration } from "../schema.ts";
import type { Identity } from "../../probing/identity.ts";
import type { Prober } from "../../probing/prober.ts";
import { type Form, readPage } from "../../probing/links.ts";
import { buildRequest, type Operation, type Parameter } from "../../probing/operation.ts";
import { sampleText } from "../../probing/sample.ts";
import { shapeOf, split, type Surface } from "./surface.ts";

const assets = /\.(png|jpe?g|gif|svg|ico|css|woff2?|ttf|eot|mp[34]|webm|pdf|zip|gz|map)$/i;

export interface Crawled {
  readonly pages: number;
  /** Answers that were pages of this host and not errors. */
  readonly answers: readonly Page[];
}

export interface Page {
  readonly path: string;
  readonly answer: Exchange;
  readonly identity: Identity | null;
}

interface Step {
  readonly path: string;
  readonly depth: number;
  readonly source: Operation["source"];
}

/**
 * Follows what pages, scripts, robots.txt and sitemap.xml lead to, as one identity or as a stranger, on this
 * host only. Endless sites end: by depth, by the number of pages, and by how many addresses of one kind.
 */
export async function crawl(
  surface: Surface,
  prober: Prober,
  configuration: DastConfiguration,
  identity: Identity | null,
): Promise<Crawled> {
  const { limits, mode } = configuration;
  const who = identity?.name ?? "stranger";
  const queue: Step[] = [];
  const queued = new Set<string>();
  const kinds = new Map<string, number>();
  const answers: Page[] = [];
  let pages = 0;

  const add = (link: string, base: string, depth: number, source: Operation["source"]) => {
    const path = pathOf(link, base, prober.origin);
    if (path === null || depth > limits.depth || queued.has(path) || assets.test(split(path)[0]))
      return;
    const operation = surface.addLink(path, source);
    if (prober.avoids(operation, path) || repeats(path)) return;
    const kind = shapeOf(operation);
    const count = kinds.get(kind) ?? 0;
    if (count >= limits.perTemplate) return;
    kinds.set(kind, count + 1);
    queued.add(path);
    queue.push({ path, depth, source });
  };

  for (const path of configuration.start) add(path, "/", 0, "start");
  for (const path of await wellKnown(prober)) add(path, "/", 1, "link");
  for (const operation of surface.operations) {
    if (operation.method !== "GET" || operation.source !== "openapi") continue;
    if (
      operation.parameters.some((one) => one.in === "path" && surface.seen(one.name).length === 0)
    )
      continue;
    add(buildRequest(operation).path, "/", 1, "openapi");
  }

  for (let step = queue.shift(); step !== undefined && pages < limits.pages; step = queue.shift()) {
    pages += 1;
    const request = { method: "GET", path: step.path, headers: {} };
    const answer = await prober.send(request, identity);
    if (answer === null) continue;
    surface.paths.add(step.path);
    surface.harvest(answer);
    if (answer.status === 404 && step.source === "script") continue;
    const operation = surface.add(surface.addLink(step.path, step.source));
    if (answer.status < 300) {
      answers.push({ path: step.path, answer, identity });
      surface.reached(operation, who);
      surface.visits.set(who, (surface.visits.get(who) ?? new Set()).add(step.path));
    }
    if (answer.headers.location !== undefined) {
      add(answer.headers.location, step.path, step.depth + 1, "link");
    }
    const found = readPage(answer);
    for (const link of found.links) add(link, step.path, step.depth + 1, "link");
    for (const guess of found.guesses) add(guess, step.path, step.depth + 1, "script");
    for (const form of found.forms) {
      const made = operationOf(form, step.path, prober.origin);
      if (made === null || prober.avoids(made)) continue;
      const known = surface.add(made);
      surface.reached(known, who);
      if (mode === "active" && made.method === "GET") {
        add(buildRequest(made).path, step.path, step.depth + 1, "form");
      }
    }
  }
  return { pages, answers };
}

/** Path and query on this host, or null for everywhere else. */
export function pathOf(link: string, base: string, origin: string): string | null {
  const text = link.trim();
  if (text === "" || text.startsWith("#") || text.length > 2_000) return null;
  if (!URL.canParse(text, origin + base)) return null;
  const url = new URL(text, origin + base);
  if (url.origin !== new URL(origin).origin) return null;
  return `${url.pathname}${url.search}`;
}

/** `/a/a/a`, and paths that only grow: a trap. */
function repeats(path: string): boolean {
  const parts = split(path)[0].split("/").filter(Boolean);
  const counts = new Map<string, number>();
  for (const part of parts) counts.set(part, (counts.get(part) ?? 0) + 1);
  return parts.length > 20 || [...counts.values()].some((count) => count > 2);
}

async function wellKnown(prober: Prober): Promise<readonly string[]> {
  const found: string[] = [];
  const read = async (path: string) => {
    const answer = await prober.send({ method: "GET", path, headers: {} }, null);
    return answer?.status === 200 ? answer.body : "";
  };
  const robots = await read("/robots.txt");
  for (const [, path] of robots.matchAll(/^\s{0,10}(?:dis)?allow:[ \t]*(\/[^\s*$]{0,500})/gim)) {
    if (path !== undefined) found.push(path);
  }
  for (const [, place] of (await read("/sitemap.xml")).matchAll(
    /<loc>\s{0,50}([^<\s]{1,1000})/gi,
  )) {
    if (place !== undefined) found.push(place);
  }
  return found.slice(0, 500);
}

function operationOf(form: Form, page: string, origin: string): Operation | null {
  const path = pathOf(form.action === "" ? split(page)[0] : form.action, page, origin);
  if (path === null) return null;
  const [template, query] = split(path);
  const place = form.method === "GET" ? "query" : "form";
  const ofQuery: Parameter[] =
    form.method === "GET"
      ? []
      : [...new URLSearchParams(query)].map(([name, value]) => ({
          name,
          in: "query" as const,
          value,
          required: true,
        }));
  const fields = form.fields.slice(0, 60).map(({ name, type, value }): Parameter => ({
    name,
    in: place,
    value: value !== "" ? value : type === "checkbox" ? "on" : sampleText(name, type),
    required: true,
    type,
  }));
  return {
    method: form.method,
    template,
    parameters: [...ofQuery, ...fields],
    body: form.method === "GET" ? "none" : "form",
    source: "form",
    secured: null,
  };
}
