import { isDeepStrictEqual } from "node:util";
import { type Cookie, readCookie } from "../jar.ts";
import { broken, unproven } from "../outcome.ts";
import { pathWithin } from "../safe-path.ts";
import { stepsOf } from "../step.ts";
import type { World } from "../world.ts";
import { alike } from "../alike.ts";
import { execute, jsonAt } from "./http.ts";

const { steps, expects } = stepsOf("HTTP: what is expected of the last answer");
export const expecting = steps;

/** Patterns are tried on so much of a body. */
const matchedBytes = 256 * 1024;

expects("the status is {int}", "", (world, [status = ""]) => {
  world.expect(world.answer.status === Number(status), `the status is ${world.answer.status}`);
});
expects("the status is not {int}", "", (world, [status = ""]) => {
  world.expect(world.answer.status !== Number(status), `the status is ${status}`);
});
expects("the status is one of {string}", 'a list such as `"401, 403"`', (world, [list = ""]) => {
  const wanted = list.split(/[,\s]+/).map(Number);
  world.expect(wanted.includes(world.answer.status), `the status is ${world.answer.status}`);
});
expects("the status is below {int}", "", (world, [status = ""]) => {
  world.expect(world.answer.status < Number(status), `the status is ${world.answer.status}`);
});
expects(
  "the request is refused",
  "400, 401, 403, 404, 405, 406, 409, 415, 419, 422, 423, 429, or sent elsewhere (3xx)",
  (world) => {
    const { status } = world.answer;
    const refused = [400, 401, 403, 404, 405, 406, 409, 415, 419, 422, 423, 429];
    world.expect(
      refused.includes(status) || (status >= 300 && status < 400),
      `the status is ${status}${status >= 500 ? ", which is a mistake and no refusal" : ""}`,
    );
  },
);

expects("the header {string} is {string}", "exactly", (world, [name = "", value = ""]) => {
  const found = header(world, name);
  world.expect(found === world.fill(value), described(world, name, found));
});
expects(
  "the header {string} contains {string}",
  "upper and lower case are the same",
  (world, [name = "", part = ""]) => {
    const found = header(world, name);
    const has = found?.toLowerCase().includes(world.fill(part).toLowerCase()) ?? false;
    world.expect(has, described(world, name, found));
  },
);
expects(
  "the header {string} does not contain {string}",
  "upper and lower case are the same; a header that is not there contains nothing",
  (world, [name = "", part = ""]) => {
    const found = header(world, name);
    const has = found?.toLowerCase().includes(world.fill(part).toLowerCase()) ?? false;
    world.expect(!has, described(world, name, found));
  },
);
expects("the header {string} matches {pattern}", "", (world, [name = "", pattern = ""]) => {
  const found = header(world, name);
  world.expect(
    found !== undefined && execute(world, pattern, found) !== null,
    described(world, name, found),
  );
});
expects(
  "the header {string} does not match {pattern}",
  "a header that is not there matches nothing",
  (world, [name = "", pattern = ""]) => {
    const found = header(world, name);
    const matches = found !== undefined && execute(world, pattern, found) !== null;
    world.expect(!matches, described(world, name, found));
  },
);
expects(
  "a frame of another site is refused",
  "by `x-frame-options` or `frame-ancestors`",
  (world) => {
    const old = header(world, "x-frame-options") ?? "";
    const policy = header(world, "content-security-policy") ?? "";
    const ancestors = /frame-ancestors\s+([^;]*)/i.exec(policy)?.[1];
    const byPolicy = ancestors !== undefined && !/(?:^|\s)(?:\*|https?:)(?:\s|$)/.test(ancestors);
    world.expect(
      ancestors === undefined ? /^\s*(?:deny|sameorigin)\s*$/i.test(old) : byPolicy,
      `x-frame-options is ${world.show(old)}, frame-ancestors ${world.show(ancestors ?? "")}`,
    );
  },
);
expects(
  "encryption is asked for from now on",
  "`strict-transport-security` for at least half a year",
  (world) => {
    const found = header(world, "strict-transport-security") ?? "";
    const age = Number(/max-age="?(\d+)/i.exec(found)?.[1] ?? 0);
    world.expect(age >= 15_552_000, `strict-transport-security is ${world.show(found)}`);
  },
);
expects("the header {string} is present", "", (world, [name = ""]) => {
  world.expect(header(world, name) !== undefined, `the header ${name} is missing`);
});
expects("the header {string} is absent", "", (world, [name = ""]) => {
  const found = header(world, name);
  world.expect(found === undefined, described(world, name, found));
});

expects("the body contains {string}", "", (world, [text = ""]) => {
  const has = world.answer.body.includes(world.fill(text));
  world.expect(
    has,
    `the body lacks ${world.show(world.fill(text))}: ${world.show(world.answer.body)}`,
  );
});
expects("the body does not contain {string}", "", (world, [text = ""]) => {
  const has = world.answer.body.includes(world.fill(text));
  world.expect(!has, `the body contains ${world.show(world.fill(text))}`);
  whole(world);
});
expects(
  "the body contains:",
  "the text below",
  (world, _words, below) => {
    const text = world.fill(below.docString ?? "");
    world.expect(
      world.answer.body.includes(text),
      `the body lacks it: ${world.show(world.answer.body)}`,
    );
  },
  { takes: "text" },
);
expects("the body matches {pattern}", "`^` and `$` stand for lines", (world, [pattern = ""]) => {
  const found = execute(world, pattern, world.answer.body);
  world.expect(found !== null, `nothing in the body does: ${world.show(world.answer.body)}`);
});
expects("the body does not match {pattern}", "", (world, [pattern = ""]) => {
  const found = execute(world, pattern, world.answer.body);
  world.expect(found === null, `the body has ${world.show(found ?? "")}`);
  whole(world, matchedBytes);
});
expects(
  "the answer does not give away {string}",
  "neither in its headers nor in its body, also encoded",
  (world, [text = ""]) => {
    const secret = world.fill(text);
    const { headers, body } = world.answer;
    const said = `${JSON.stringify(headers)}\n${body}`;
    const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")];
    if (secret.length < 4)
      broken("a text of fewer than four characters stands everywhere by chance");
    world.expect(!forms.some((form) => said.includes(form)), "it stands in the answer");
    whole(world);
  },
);

expects(
  "the JSON {string} is {string}",
  "numbers and truth values as they are written",
  (world, [path = "", value = ""]) => {
    const found = jsonAt(world, path);
    const text = typeof found === "string" ? found : JSON.stringify(found);
    world.expect(
      found !== undefined && text === world.fill(value),
      `${path} is ${world.show(text ?? "missing")}`,
    );
  },
);
expects(
  "the JSON {string} is:",
  "the JSON below",
  (world, [path = ""], below) => {
    const found = jsonAt(world, path);
    let wanted: unknown;
    try {
      wanted = JSON.parse(world.fill(below.docString ?? ""));
    } catch {
      broken("the text below is not JSON");
    }
    world.expect(
      isDeepStrictEqual(found, wanted),
      `${path} is ${world.show(JSON.stringify(found) ?? "missing")}`,
    );
  },
  { takes: "text" },
);
expects("the JSON {string} is present", "", (world, [path = ""]) => {
  world.expect(jsonAt(world, path) !== undefined, `there is no JSON at ${path}`);
});
expects("the JSON {string} is absent", "in an answer that is JSON", (world, [path = ""]) => {
  world.expect(
    jsonAt(world, "$") !== undefined,
    `the body is not JSON: ${world.show(world.answer.body)}`,
  );
  world.expect(jsonAt(world, path) === undefined, `${path} is there`);
});

expects("the cookie {string} is set", "by the last answer", (world, [name = ""]) => {
  world.expect(cookie(world, name) !== undefined, `the answer sets ${namesOf(world)}`);
});
expects("the cookie {string} is not set", "", (world, [name = ""]) => {
  world.expect(cookie(world, name) === undefined, "the answer sets it");
});
expects(
  "the cookie {string} has the flag {string}",
  "`HttpOnly`, `Secure`, `SameSite=Lax`, `Path=/`",
  (world, [name = "", flag = ""]) => {
    const found = cookie(world, name);
    world.expect(
      found !== undefined && hasFlag(found, flag),
      found === undefined ? `the answer sets ${namesOf(world)}` : `it has ${flagsOf(found)}`,
    );
  },
);
expects(
  "every cookie has the flag {string}",
  "of those that the last answer sets; there has to be one",
  (world, [flag = ""]) => {
    const all = cookies(world.answer).filter(({ gone }) => !gone);
    world.expect(all.length > 0, "the answer sets no cookie");
    for (const one of all) world.expect(hasFlag(one, flag), `${one.name} has ${flagsOf(one)}`);
  },
);

expects(
  "the answer redirects to {string}",
  "on the tested service; a path, with or without its origin in the answer",
  (world, [path = ""]) => {
    const to = world.answer.headers.location;
    const within =
      to === undefined
        ? null
        : pathWithin(world.run.target.origin, world.lastRequest?.path ?? "/", to);
    world.expect(
      isRedirect(world) && within === world.fill(path),
      to === undefined
        ? `the answer is no redirect (${world.answer.status})`
        : `it leads to ${world.show(to)}`,
    );
  },
);
expects("the answer does not redirect to another host", "", (world) => {
  const to = world.answer.headers.location;
  if (to === undefined) return world.expect(true, "");
  // A `\` is a `/` to browsers, which `URL` knows.
  const within = pathWithin(world.run.target.origin, world.lastRequest?.path ?? "/", to);
  world.expect(within !== null, `it leads to ${world.show(to)}`);
});
expects("the answer takes at most {int} ms", "", (world, [most = "0"]) => {
  const took = Math.round(world.answer.latencyMs);
  world.expect(took <= Number(most), `it took ${took} ms`);
});

expects(
  "the answer is like the one remembered as {string}",
  "the same status, the same headers by name, and the same body apart from numbers, times and random words",
  (world, [name = ""]) => {
    const other = world.answers.get(name) ?? broken(`no answer was remembered as ${name}`);
    const own = [...world.values.values()].filter((value) => value.length >= 3);
    const difference = alike(world.answer, other, own);
    world.expect(difference === null, difference ?? "");
  },
);
expects(
  "the value {string} differs from {string}",
  "two values that were remembered",
  (world, [one = "", other = ""]) => {
    world.expect(valueOf(world, one) !== valueOf(world, other), "they are the same");
  },
);
expects(
  "the value {string} has at least {int} characters",
  "",
  (world, [name = "", least = "0"]) => {
    const { length } = valueOf(world, name);
    world.expect(length >= Number(least), `it has ${length}`);
  },
);

function valueOf(world: World, name: string): string {
  return world.values.get(name) ?? broken(`nothing was remembered as ${name}`);
}

function header(world: World, name: string): string | undefined {
  const found = world.answer.headers[name.toLowerCase()];
  return Array.isArray(found) ? found.join(", ") : found;
}

function described(world: World, name: string, found: string | undefined): string {
  return found === undefined
    ? `the header ${name} is missing`
    : `the header ${name} is ${world.show(found)}`;
}

/** What was not read may hold it: that is no pass (law 2). */
function whole(world: World, most = Number.POSITIVE_INFINITY): void {
  if (world.answer.truncated || world.answer.body.length > most) {
    unproven("the body is longer than what is looked at, and the rest may hold it");
  }
}

function isRedirect(world: World): boolean {
  return [301, 302, 303, 307, 308].includes(world.answer.status);
}

export function cookies(answer: Pick<World["answer"], "cookies">): readonly Cookie[] {
  return answer.cookies.flatMap((line) => readCookie(line) ?? []);
}

function cookie(world: World, name: string): Cookie | undefined {
  return cookies(world.answer).find((one) => one.name === world.fill(name) && !one.gone);
}

function namesOf(world: World): string {
  const names = cookies(world.answer).map(({ name }) => name);
  return names.length === 0 ? "no cookie" : names.slice(0, 10).join(", ");
}

export function hasFlag(one: Cookie, flag: string): boolean {
  const [name = "", value] = flag.split("=");
  const found = one.attributes.get(name.trim().toLowerCase());
  if (found === undefined) return false;
  return value === undefined || found.toLowerCase() === value.trim().toLowerCase();
}

export function flagsOf(one: Cookie): string {
  const flags = [...one.attributes].map(([name, value]) =>
    value === "" ? name : `${name}=${value}`,
  );
  return flags.length === 0 ? "no flag" : flags.join("; ").slice(0, 200);
}
