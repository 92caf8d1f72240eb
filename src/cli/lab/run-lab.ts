import type { PromotionView } from "../../api/views.ts";
import { type Judged, judge, type Story } from "./assertions.ts";
import { type Lab, type LabStep, readLab } from "./definition.ts";
import { LabHome } from "./home.ts";
import { startMailbox } from "./mailbox.ts";
import { type Answer, send, Users } from "./users.ts";

export interface LabOptions {
  /** Leaves server, services and folder, for `tidelock lab check`. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
  /** One line for a person about what happens now. */
  readonly tell: (line: string) => void;
}

export interface LabOutcome {
  readonly judged: readonly Judged[];
  readonly folder: string;
}

/** Runs a lab from an empty folder to its last assertion, and takes away everything it started. */
export async function runLab(name: string, options: LabOptions): Promise<LabOutcome> {
  const home = await LabHome.make(name);
  const lab = readLab(name, home.ports);
  const play = new Play(home, lab, options);
  try {
    if (lab.mailbox !== undefined) await startMailbox(lab.mailbox, home.record);
    await home.start();
    await expectDone(home, ["pipeline", "apply"]);
    for (const step of lab.steps) {
      options.signal.throwIfAborted();
      await play.step(step);
    }
    await play.users?.stop();
    const judged: Judged[] = [];
    for (const assertion of lab.assert) judged.push(await judge(play.story(), assertion));
    return { judged, folder: home.folder };
  } finally {
    await play.users?.stop();
    if (!options.keep) await home.clear();
  }
}

/** Whether the challenge of a lab that was kept is solved. */
export async function checkLab(name: string): Promise<LabOutcome | null> {
  const home = LabHome.kept(name);
  if (home === null) return null;
  const lab = readLab(name, home.ports);
  const story: Story = {
    service: lab.service,
    client: home.client(),
    promotions: new Map(),
    answers: new Map(),
    users: null,
    mailbox: lab.mailbox ?? null,
  };
  const judged: Judged[] = [];
  for (const one of lab.challenge?.solved ?? []) judged.push(await judge(story, one));
  return { judged, folder: home.folder };
}

/** The steps of one lab, and what they leave for the assertions. */
class Play {
  users: Users | null = null;
  readonly #home: LabHome;
  readonly #lab: Lab;
  readonly #tell: (line: string) => void;
  readonly #promotions = new Map<string, { code: number; view: PromotionView }>();
  readonly #answers = new Map<string, Answer>();

  constructor(home: LabHome, lab: Lab, { tell }: LabOptions) {
    this.#home = home;
    this.#lab = lab;
    this.#tell = tell;
  }

  story(): Story {
    return {
      service: this.#lab.service,
      client: this.#home.client(),
      promotions: this.#promotions,
      answers: this.#answers,
      users: this.users,
      mailbox: this.#lab.mailbox ?? null,
    };
  }

  async step(step: LabStep): Promise<void> {
    switch (step.do) {
      case "tidelock": {
        this.#tell(`tidelock ${step.words.join(" ")}`);
        const words = step.words.map((word) => word.replace("{lab}", this.#home.source));
        await expectDone(this.#home, words, step.stdin, step.exit);
        return;
      }
      case "release": {
        this.#tell(`tidelock release create --version ${step.version}`);
        if (step.over !== undefined) {
          this.#home.lay(step.over);
          await expectDone(this.#home, ["pipeline", "apply"]);
        }
        await expectDone(this.#home, ["release", "create", "--version", step.version]);
        return;
      }
      case "promote":
        return this.#promote(step);
      case "users":
        this.#tell("users come, and stay");
        this.users = new Users(step.requests, step.everyMs, step.who);
        return;
      case "ask":
        this.#answers.set(step.id, await send(step.ask));
    }
  }

  async #promote(step: Extract<LabStep, { do: "promote" }>): Promise<void> {
    const reference = `${this.#lab.service}@${step.version}`;
    const words = ["promote", reference, "--to", step.to, "--wait", "-o", "json"];
    this.#tell(`tidelock promote ${reference} --to ${step.to} --wait`);
    const { code, stderr } = await this.#home.tidelock(words);
    const id = /^promotion (\S+)$/m.exec(stderr)?.[1];
    if (id === undefined) throw new Error(`${words.join(" ")}: ${stderr.trim()}`);
    const view = await this.#home.client().call("promotionShow", { params: { id } });
    this.#promotions.set(step.id, { code, view });
    this.#tell(`  ${code === 0 ? "done" : `exit code ${code}`}: ${view.message}`);
  }
}

async function expectDone(
  home: LabHome,
  words: readonly string[],
  stdin?: string,
  wanted = 0,
): Promise<void> {
  const { code, stdout, stderr } = await home.tidelock(words, stdin);
  if (code === wanted) return;
  throw new Error(`tidelock ${words.join(" ")} ended with ${code}: ${(stderr || stdout).trim()}`);
}
