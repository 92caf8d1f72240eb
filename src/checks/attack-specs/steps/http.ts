import { setTimeout as sleep } from "node:timers/promises";
import { parseJsonPath, readJsonPath } from "../../json-path.ts";
import { safeExec } from "../../safe-match.ts";
import { broken } from "../outcome.ts";
import { pathWithin } from "../safe-path.ts";
import { isSafeMethod, pairsOf, stepsOf } from "../step.ts";
import type { Request, World } from "../world.ts";

const { steps, does } = stepsOf("HTTP: what is sent");
export const sending = steps;

const methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"];
const ownedByClient = ["host", "connection", "content-length", "transfer-encoding"];
/** A scenario may wait and repeat so much at once. */
const maxSeconds = 120;
const maxRepeats = 500;

function methodOf(word: string): string {
  if (methods.includes(word)) return word;
  return broken(`${word} is no method that is sent; there are ${methods.join(", ")}`);
}

export async function send(world: World, request: Request): Promise<void> {
  world.tookMs = [];
  await world.send(request);
}

does(
  "I act as {string}",
  "from here on somebody else's browser acts, with its own session",
  (world, [who = ""]) => {
    world.actor = who;
  },
);
does("I forget my session", "no cookies and no token any more", (world) => world.jar.clear());
does(
  "I send the header {string} as {string}",
  "with every request of the scenario from here on",
  (world, [name = "", value = ""]) => {
    const filled = world.fill(value);
    if (
      !/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(name) ||
      ownedByClient.includes(name.toLowerCase())
    ) {
      broken(`${name} is no header that can be set`);
    }
    if (!/^[\t\x20-\x7e\x80-\xff]{0,8192}$/.test(filled))
      broken("a header has no control characters");
    world.headers.set(name.toLowerCase(), filled);
  },
);
does(
  "I send the cookie {string} as {string}",
  "puts a cookie into the jar of whoever acts",
  (world, [name = "", value = ""]) => {
    const filled = world.fill(value);
    if (!/^[\x21-\x3a\x3c-\x7e]{0,4096}$/.test(filled))
      broken("a cookie has no spaces and semicolons");
    world.jar.setCookie(name, filled);
  },
);
does(
  "the value {string} is {string}",
  "from here on `{{name}}` stands for it",
  (world, [name = "", value = ""]) => {
    world.values.set(name, world.fill(value));
  },
);

does("I request {string}", "GET of a path", (world, [path = ""]) =>
  send(world, { method: "GET", path: world.fill(path) }),
);
const bySafeMethod = (words: readonly string[]) => isSafeMethod(words[0] ?? "");
does(
  "I send {word} to {string}",
  `${methods.join(", ")}, without a body`,
  (world, [method = "", path = ""]) =>
    send(world, { method: methodOf(method), path: world.fill(path) }),
  { safe: bySafeMethod },
);
does(
  "I send {word} to {string} with the form:",
  "a table of names and values, sent as a browser's form",
  (world, [method = "", path = ""], below) =>
    send(world, {
      method: methodOf(method),
      path: world.fill(path),
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(
        pairsOf(below, /^(name|field)$/i).map(([name, value]): [string, string] => [
          name,
          world.fill(value),
        ]),
      ).toString(),
    }),
  { takes: "table", safe: false },
);
does(
  "I send {word} to {string} with the JSON:",
  "the text below, which has to be JSON once its values are filled in",
  async (world, [method = "", path = ""], below) => {
    const body = world.fill(below.docString ?? "");
    try {
      JSON.parse(body);
    } catch {
      broken("the text below is not JSON; write `with the body:` where it is not meant to be");
    }
    const headers = { "content-type": "application/json" };
    await send(world, { method: methodOf(method), path: world.fill(path), headers, body });
  },
  { takes: "text", safe: false },
);
does(
  "I send {word} to {string} with the body:",
  "the text below as it stands",
  (world, [method = "", path = ""], below) =>
    send(world, {
      method: methodOf(method),
      path: world.fill(path),
      body: world.fill(below.docString ?? ""),
    }),
  { takes: "text", safe: false },
);
does(
  "I repeat the request",
  "once more, with the session as it is now",
  (world) => send(world, world.lastRequest ?? broken("no request was sent yet")),
  { safe: false },
);
does(
  "I repeat the request {int} times",
  `at most ${maxRepeats}; the answer to the last one is looked at`,
  async (world, [count = "0"]) => {
    const request = world.lastRequest ?? broken("no request was sent yet");
    if (Number(count) > maxRepeats) broken(`a request is repeated ${maxRepeats} times at most`);
    world.tookMs = [];
    for (let left = Number(count); left > 0; left -= 1) await world.send(request);
  },
  { safe: false },
);
does(
  "I follow the redirect",
  "GET of where the answer points to, on the tested service only",
  async (world) => {
    const to = world.answer.headers.location;
    if (to === undefined) broken(`the answer (${world.answer.status}) is no redirect`);
    const path = pathWithin(world.run.target.origin, world.lastRequest?.path ?? "/", to);
    if (path === null) broken(`the redirect leads to another host: ${world.show(to)}`);
    await send(world, { method: "GET", path });
  },
);
does("I wait {int} second(s)", `at most ${maxSeconds}`, async (world, [seconds = "0"]) => {
  if (Number(seconds) > maxSeconds) broken(`a step waits ${maxSeconds} s at most`);
  await sleep(Number(seconds) * 1_000, undefined, { signal: world.run.context.signal });
});

does(
  "I remember the answer as {string}",
  "to compare another one with it",
  (world, [name = ""]) => {
    world.answers.set(name, world.answer);
  },
);
does(
  "I remember the header {string} as {string}",
  "as `{{name}}`",
  (world, [header = "", name = ""]) => {
    const found = world.answer.headers[header.toLowerCase()];
    if (found === undefined) broken(`the answer has no header ${header}`);
    world.values.set(name, String(found));
  },
);
does(
  "I remember the cookie {string} as {string}",
  "as `{{name}}`, out of the jar of whoever acts",
  (world, [cookie = "", name = ""]) => {
    const found = world.jar.cookie(world.fill(cookie));
    if (found === undefined) broken(`there is no cookie ${cookie}`);
    world.values.set(name, found);
  },
);
does(
  "I remember the JSON {string} as {string}",
  "as `{{name}}`; a path like `items[0].id`",
  (world, [path = "", name = ""]) => {
    const found = jsonAt(world, path);
    if (found === undefined) broken(`the answer has no JSON at ${path}`);
    world.values.set(name, typeof found === "string" ? found : JSON.stringify(found));
  },
);
does(
  "I remember what {pattern} finds in the body as {string}",
  "its first group, or all of it",
  (world, [pattern = "", name = ""]) => {
    const found = execute(world, pattern, world.answer.body);
    if (found === null) broken(`nothing in the body matches /${pattern}/`);
    world.values.set(name, found);
  },
);

/** What stands at a place of the JSON in the last answer. */
export function jsonAt(world: World, path: string): unknown {
  const parts = parseJsonPath(world.fill(path));
  if (parts === null) broken(`${path} is no place in JSON; write one like items[0].name`);
  if (world.answer.truncated)
    broken("the body is longer than with.limits.bodyBytes, so its JSON was not read");
  try {
    return readJsonPath(JSON.parse(world.answer.body), parts);
  } catch {
    return undefined;
  }
}

/** The first group of the first match, or all of it. Null when there is none. */
export function execute(world: World, pattern: string, text: string): string | null {
  let found;
  try {
    // As in Ruby, which Gauntlt's patterns are written for, ^ and $ stand for lines.
    found = safeExec(`(?m:${world.fill(pattern)})`, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return broken(`/${pattern}/ is no pattern: ${why}`);
  }
  if (found.result === "too-slow")
    broken(`/${pattern}/ takes too long on this text; write it simpler`);
  return found.result === "match" ? (found.groups[1] ?? found.groups[0] ?? "") : null;
}
