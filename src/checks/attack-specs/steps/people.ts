import { setTimeout as sleep } from "node:timers/promises";
import {
  isShown,
  look,
  part,
  personOf,
  present,
  register,
  request,
  signIn,
  strangerIsKeptOut,
} from "../sign-in.ts";
import { apart, compareTimes } from "../compare-times.ts";
import { broken } from "../outcome.ts";
import { stepsOf } from "../step.ts";
import type { World } from "../world.ts";

const { steps, does, expects } = stepsOf(
  "People and sessions (by `app` and `identities` of the demand)",
);
export const people = steps;
const unsafe = { safe: false };

does(
  "{string} is signed in",
  "registers where the demand says how, signs in by `app.login`, and sees that it worked: a stranger must not be shown `app.protected`",
  async (world, [name = ""]) => {
    world.actor = name;
    await strangerIsKeptOut(world);
    await signIn(world, name);
  },
  unsafe,
);
does(
  "{string} signs in",
  "as above; whoever acts keeps the cookies that were there",
  async (world, [name = ""]) => {
    world.actor = name;
    const before = new Map(world.jar.cookies);
    await signIn(world, name);
    world.values.set(`${name}.session-before`, JSON.stringify([...before]));
    world.values.set(`${name}.session`, JSON.stringify([...world.jar.cookies]));
  },
  unsafe,
);
does(
  "somebody signs in as {string} with the password {string}",
  "by `app.login`, in a browser of its own; nothing is expected",
  async (world, [who = "", password = ""]) => {
    world.actor = "somebody";
    world.jar.clear();
    await registerAll(world);
    await present(world, nameOf(world, who), world.fill(password));
  },
  unsafe,
);
does(
  "somebody signs in as {string} with the password in other case",
  "upper case becomes lower case, and the other way round",
  async (world, [name = ""]) => {
    world.actor = "somebody";
    world.jar.clear();
    await registerAll(world);
    const { username, password } = personOf(world, name);
    const other = password.replace(/[a-zA-Z]/g, (c) =>
      c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase(),
    );
    if (other === password) broken(`the password of ${name} has no letters`);
    await present(world, username, other);
  },
  unsafe,
);
does(
  "somebody signs in as {string} by an address with name and password in it",
  "`app.login`'s fields as a query, with GET",
  async (world, [name = ""]) => {
    world.actor = "somebody";
    world.jar.clear();
    await registerAll(world);
    const { username, password } = personOf(world, name);
    const login = part(world, "login");
    const sent = request(
      world,
      { ...login, form: login.form ?? login.json, json: undefined },
      { username, password },
    );
    await world.send({
      method: "GET",
      path: `${login.path}${login.path.includes("?") ? "&" : "?"}${sent.body ?? ""}`,
    });
  },
  unsafe,
);
does(
  "{string} signs out",
  "by `app.logout`",
  async (world, [name = ""]) => {
    world.actor = name;
    world.sessions.set(name, world.jar.copy());
    await world.send(request(world, part(world, "logout")));
  },
  unsafe,
);
does("I remember the session of {string}", "to use it again later", (world, [name = ""]) => {
  world.sessions.set(name, (world.jars.get(name) ?? broken(`${name} has no session`)).copy());
});
does(
  "I use the remembered session of {string}",
  "as somebody who stole it would",
  (world, [name = ""]) => {
    const session = world.sessions.get(name) ?? broken(`no session of ${name} was remembered`);
    world.actor = "a thief";
    world.jars.set(world.actor, session.copy());
  },
);
does("I request the protected page", "`app.protected`, as whoever acts", async (world) => {
  await look(world);
});
does(
  "the session is idle for as long as it may be",
  "`app.idleSeconds`, and one second more",
  async (world) => {
    await sleep(part(world, "idleSeconds") * 1_000 + 1_000, undefined, {
      signal: world.run.context.signal,
    });
  },
);

expects("the protected page is shown", "", (world) => {
  world.expect(isShown(world, world.answer), `it is not (${world.answer.status})`);
});
expects(
  "the protected page is not shown",
  "and neither is there a mistake of the service (5xx)",
  (world) => {
    const { status } = world.answer;
    world.expect(
      !isShown(world, world.answer) && status < 500,
      isShown(world, world.answer) ? "it is shown" : `the service fails (${status})`,
    );
  },
);
expects("nobody is signed in", "asks for the protected page as whoever acts", async (world) => {
  const answered = world.answer;
  const page = await look(world);
  world.lastAnswer = answered;
  world.expect(!isShown(world, page), "the protected page is shown");
  world.expect(answered.status < 500, `the service fails (${answered.status})`);
});
expects("somebody is signed in", "asks for the protected page as whoever acts", async (world) => {
  const page = await look(world);
  world.expect(isShown(world, page), `the protected page is not shown (${page.status})`);
});
expects(
  "guessing the password of {string} is stopped",
  "`app.attempts` wrong passwords; then there is an answer 429 or 423, the right one is not taken, or answers take three times as long",
  async (world, [name = ""]) => {
    const { app } = world.run.configuration;
    const { username, password } = personOf(world, name);
    await registerAll(world);
    world.actor = "somebody who guesses";
    const took: number[] = [];
    for (let count = 0; count < app.attempts; count += 1) {
      const answer = await present(world, username, `Wrong-${count}-${world.values.get("random")}`);
      if ([423, 429].includes(answer.status)) return world.expect(true, "");
      took.push(answer.latencyMs);
    }
    const half = Math.floor(took.length / 2);
    const slower = median(took.slice(half)) > 3 * median(took.slice(0, half)) + 200;
    world.jar.clear();
    const answer = await present(world, username, password);
    const shut = answer.status >= 400 || !isShown(world, await look(world));
    world.expect(
      slower || shut,
      `after ${app.attempts} wrong passwords the right one is taken at once`,
    );
  },
  unsafe,
);
expects(
  "a name that {string} has takes as long as one that nobody has",
  "the quickest of nine answers to wrong passwords each; a difference of 25 ms that is also half of it has to show twice. `inconclusive` where the answers have different statuses, or 429 or 423, or the right password is not taken before and after",
  async (world, [name = ""]) => {
    await registerAll(world);
    const { first, second } = await compareTimes(world, personOf(world, name));
    world.expect(
      apart(first) === 0 || apart(first) !== apart(second),
      `${Math.round(second.known)} ms, and ${Math.round(second.unknown)} ms for a name that nobody has`,
    );
  },
  unsafe,
);

async function registerAll(world: World): Promise<void> {
  for (const person of world.run.people.values()) await register(world, person);
}

function nameOf(world: World, who: string): string {
  return world.run.people.get(who)?.username ?? world.fill(who);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
