import { untilEnded } from "../agent-run.ts";
import { harnessArgv } from "../tool/bundle.ts";
import { toolFolders } from "../tool/folders.ts";
import { type Order, Reply } from "../tool/order.ts";
import { printable } from "../../model/printable.ts";
import { otherHost } from "./command-line.ts";
import { broken, Ended } from "./outcome.ts";
import type { World } from "./world.ts";

/** A program that ran to its end. */
export interface Launched {
  readonly program: string;
  readonly stdout: string;
  /** The end of it. */
  readonly stderr: string;
  readonly exitCode: number;
  /** What it wrote into a file that a later step looks into. */
  readonly file: { readonly name: string; readonly text: string | null } | null;
  /** Whether more was said than was kept. */
  readonly cut: boolean;
}

const outputBytes = 1024 * 1024;
const stderrTail = 4_000;

/** What has to be done to have it; others are named by their own name. */
const installs: Readonly<Record<string, string>> = {
  nmap: "apt-get install nmap",
  curl: "apt-get install curl",
  dirb: "apt-get install dirb",
  sqlmap: "apt-get install sqlmap",
  sslyze: "pip install sslyze",
  arachni: "https://github.com/Arachni/arachni/releases",
  garmr: "pip install Garmr",
  Heartbleed: "go install github.com/FiloSottile/Heartbleed@latest",
  ping: "apt-get install iputils-ping",
};

/** Whether the demand lets scenarios start it. */
export function allowTool(world: World, program: string): void {
  const { tools } = world.run.configuration;
  if (tools.includes(program)) return;
  broken(
    `the demand does not let scenarios start ${printable(program, 60)}: \`with.tools: [${[...tools, printable(program, 60)].join(", ")}]\` would`,
  );
}

/**
 * Starts a program through the agent, as the check's user: found in the server's folders of tools, never in the
 * release, by its absolute path, whose digest is recorded; without a shell, in an empty folder.
 */
export async function launch(world: World, words: readonly string[]): Promise<Launched> {
  const { context, configuration, seen, target } = world.run;
  const [program = "", ...rest] = words;
  if (/[/\\]/.test(program))
    broken(
      `${printable(program, 60)}: a program is named without a path, and looked for in the server's folders`,
    );
  allowTool(world, program);
  // Every process of the machine can read another's arguments.
  const secret = [...world.run.hidden].some(
    (one) => one.length >= 4 && words.some((word) => word.includes(one)),
  );
  if (secret) broken("a secret or a session does not go into a command line");
  const { hostname } = new URL(target.origin);
  const host = hostname.replace(/^\[|\]$/g, "");
  const other = otherHost(words, [host, ...(host === "127.0.0.1" ? ["localhost"] : [])]);
  if (other !== null) {
    broken(
      `the command names ${printable(other, 100)}, which is not what is tested (${host}): give the value by \`with.values\`, e.g. { hostname: "{{host}}" }`,
    );
  }
  seen.launches += 1;
  const file = world.awaitedFiles.find((name) => rest.includes(name)) ?? null;
  const order: Order = {
    programs: [program],
    folders: toolFolders(),
    probes: [],
    tree: null,
    files: {},
    argv: rest.map((word) =>
      word === file ? "{report}" : word.replaceAll(/\{(home|tree|report)\}/g, "$1"),
    ),
    argvIf: [],
    tally: null,
    startsIn: "home",
    list: false,
    env: {},
    report: file === null ? "stdout" : "file",
    reportBytes: outputBytes,
  };
  // One run of the agent each: the same one after a crash of the server, as scenarios go in their order.
  const own = {
    ...context,
    run: `${context.run}/launch-${seen.launches}`,
    timeoutMs: configuration.limits.toolMs,
  };
  const ended = await untilEnded(own, () => ({
    argv: [...harnessArgv()],
    env: { TIDELOCK_TOOL_ORDER: JSON.stringify(order) },
    tree: null,
    outputBytes: outputBytes + 64 * 1024,
  }));
  if (ended.timedOut)
    broken(`${program} did not end within ${configuration.limits.toolMs} ms (with.limits.toolMs)`);
  const reply = replyIn(ended.stderr);
  if (reply === null)
    return broken(`${program} could not be run: ${printable(ended.stderr.slice(-200), 200)}`);
  if (reply.trouble?.kind === "missing") {
    const how = Object.hasOwn(installs, program)
      ? `; install it with \`${installs[program]}\``
      : "";
    throw new Ended("missing", `${printable(reply.trouble.text, 400)}${how}`);
  }
  if (reply.trouble !== null) broken(`${program}: ${printable(reply.trouble.text, 400)}`);
  if (reply.stopped !== null) broken(`${program} was ended: ${reply.stopped}`);
  if (reply.signal !== null) broken(`${program} was ended by ${reply.signal}`);
  if (reply.program !== null)
    seen.programs.set(program, `${reply.program.path} sha256:${reply.program.sha256}`);
  const stdout = file === null ? ended.stdout : reply.stdoutTail;
  return {
    program,
    stdout,
    stderr: reply.stderrTail,
    exitCode: reply.exitCode ?? -1,
    file:
      file === null
        ? null
        : { name: file, text: reply.reportTrouble === null ? ended.stdout : null },
    cut:
      ended.truncated ||
      reply.stderrTail.length >= stderrTail ||
      (file !== null && stdout.length >= stderrTail),
  };
}

function replyIn(stderr: string): Reply | null {
  try {
    return Reply.parse(JSON.parse(stderr.trimEnd().split("\n").at(-1) ?? ""));
  } catch {
    return null;
  }
}
