import { broken, Ended } from "../outcome.ts";
import {
  isShown,
  look,
  part,
  present,
  register,
  request,
  signInAnswer,
  withHiddenFields,
} from "../sign-in.ts";
import { stepsOf } from "../step.ts";
import type { World } from "../world.ts";
import { cookies, flagsOf, hasFlag } from "./answers.ts";

const { steps, does, expects } = stepsOf("What a session is worth (by `app` of the demand)");
export const sessions = steps;
const unsafe = { safe: false };

does(
  "the session is one that somebody made up",
  "every cookie that the service gives has a value of our own",
  async (world) => {
    if (world.jar.cookies.size === 0) await look(world);
    const names = [...world.jar.cookies.keys()];
    if (names.length === 0) names.push(...(await cookieNames(world)));
    for (const name of names) world.jar.setCookie(name, `made-up-${world.values.get("random")}`);
  },
  unsafe,
);
does(
  "I send the write",
  "`app.write`, as whoever acts, from the service's own page",
  async (world) => {
    const write = part(world, "write");
    const form =
      write.page === undefined ? write.form : await withHiddenFields(world, write.page, write.form);
    const sent = request(world, { ...write, form: write.json === undefined ? form : undefined });
    const echoed = write.echo && world.jar.cookie(write.echo.cookie);
    const headers = {
      ...sent.headers,
      ...(write.echo && echoed !== undefined ? { [write.echo.header]: echoed } : {}),
    };
    await world.send({ ...sent, headers });
  },
  unsafe,
);
does(
  "I send the write as another site would",
  "`app.write` with the cookies of whoever acts; without hidden fields, without headers that only an own page can set; JSON as plain text, which asks nobody first",
  async (world) => {
    const { actor } = world;
    const mine = new Map(world.jar.cookies);
    world.actor = "another site";
    world.jar.clear();
    for (const [name, value] of mine) world.jar.setCookie(name, value);
    const sent = request(world, part(world, "write"));
    const json = sent.headers?.["content-type"]?.includes("json") ?? false;
    await world.send(json ? { ...sent, headers: { "content-type": "text/plain" } } : sent);
    world.actor = actor;
  },
  unsafe,
);
does("I ask before a write to the protected page", "OPTIONS, as a browser does", async (world) => {
  await world.send({ method: "OPTIONS", path: part(world, "protected").path });
});

expects("the write is refused", "with 4xx, or sent elsewhere (3xx) to sign in", (world) => {
  const { status, headers } = world.answer;
  const elsewhere =
    status >= 300 && status < 400 && /log-?in|sign-?in|auth/i.test(headers.location ?? "");
  world.expect((status >= 400 && status < 500) || elsewhere, `it is answered with ${status}`);
});
expects(
  "the session of {string} is a new one",
  "every cookie that was there before signing in has another value, or plays no part",
  async (world, [name = ""]) => {
    const jar = world.jars.get(name) ?? broken(`${name} has no session`);
    const before = read(
      world.values.get(`${name}.session-before`) ?? broken(`${name} did not sign in`),
    );
    const old = world.jar.copy();
    old.clear();
    for (const [key, value] of before) old.setCookie(key, value);
    world.expect(
      jar.tokens.some((token) => token.length > 0),
      "there is no session at all",
    );
    if (before.size === 0) return;
    world.actor = "whoever knew the session before";
    world.jars.set(world.actor, old);
    const page = await look(world);
    world.actor = name;
    world.expect(
      !isShown(world, page),
      "whoever knew the cookies before it was signed in is signed in now",
    );
  },
);
expects(
  "every session cookie has the flag {string}",
  "of those that `{string} signs in` was given",
  (world, [flag = ""]) => {
    const answer = world.answers.get(signInAnswer) ?? broken("nobody signed in yet");
    const all = cookies(answer).filter(({ gone }) => !gone);
    world.expect(all.length > 0, "the answer to signing in sets no cookie");
    for (const one of all) world.expect(hasFlag(one, flag), `${one.name} has ${flagsOf(one)}`);
  },
);
expects(
  "no session cookie has the flag {string}",
  "of those that signing in gives",
  (world, [flag = ""]) => {
    const answer = world.answers.get(signInAnswer) ?? broken("nobody signed in yet");
    for (const one of cookies(answer)) {
      world.expect(one.gone || !hasFlag(one, flag), `${one.name} has ${flagsOf(one)}`);
    }
  },
);
expects(
  "the answer to signing in leads to no address with the session in it",
  "`location`, and whatever else is an address in it",
  (world) => {
    const { headers, body } = world.answers.get(signInAnswer) ?? broken("nobody signed in yet");
    const { location = "", refresh = "" } = headers;
    const links = [...body.matchAll(/(?:href|src|action)\s*=\s*["']([^"']{1,2000})/gi)];
    const addresses = [location, refresh, ...links.map(([, link]) => link)].join("\n");
    world.expect(!world.jar.tokens.some((one) => holds(addresses, one)), "the session is in one");
  },
);
expects("the body does not hold the session", "of whoever acts", (world) => {
  const { body } = world.answer;
  const held = world.jar.tokens.some((one) => holds(body, one));
  world.expect(!held, "it stands there");
});

function holds(text: string, token: string): boolean {
  return token.length >= 8 && (text.includes(token) || text.includes(encodeURIComponent(token)));
}

expects(
  "the sessions of {string} and {string} are hard to guess",
  "each at least 16 characters that the other has not",
  (world, [one = "", other = ""]) => {
    const [a, b] = [one, other].map((name) => world.sessions.get(name) ?? world.jars.get(name));
    const theirs = new Set(b?.tokens ?? []);
    const secret = (a?.tokens ?? []).filter((token) => token !== "" && !theirs.has(token));
    world.expect(secret.length > 0, "they are the same");
    const best = Math.max(...secret.map((token) => token.length));
    world.expect(best >= 16, `the longest has ${best} characters`);
  },
);

function read(text: string): ReadonlyMap<string, string> {
  const pairs: unknown = JSON.parse(text);
  if (!Array.isArray(pairs)) throw new Ended("error", "no cookies were remembered");
  return new Map(pairs as [string, string][]);
}

/** Names of the cookies that signing in gives: whoever makes one up has to know them. */
async function cookieNames(world: World): Promise<readonly string[]> {
  const { actor } = world;
  world.actor = "whoever looks which cookies there are";
  const [first] = world.run.people.values();
  if (first !== undefined) {
    await register(world, first);
    await present(world, first.username, first.password);
  }
  const names = [...world.jar.cookies.keys()];
  world.actor = actor;
  return names;
}
