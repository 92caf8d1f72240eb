import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../../model/errors.ts";
import type { TargetDeclaration } from "../../model/pipeline.ts";
import { type Slot, slotKey } from "../../model/primitives.ts";
import type { CheckProcess, HostAgent, SlotObservation, SlotSpec } from "../../ports/host-agent.ts";
import type { EffectContext, Target } from "../../ports/target.ts";
import { ensureArtifacts } from "../artifacts.ts";

type ScriptDeclaration = Extract<TargetDeclaration, { type: "script" }>;

/** Kept of each output stream: enough for a person to see what went wrong. */
const outputBytes = 256 * 1024;
/** Longer than this a step does not wait for the destroy script; it comes again. Milliseconds. */
const destroyWaitMs = 20_000;
const dryRunMs = 60_000;
const pollMs = 100;
const tailLines = 20;

/**
 * Scripted install and upgrade: what a release is installed by is the operator's own program. `deploy`,
 * then `verify`, run once for each deployment, in the unpacked release, as the service's user, with
 * `TIDELOCK_*` variables and the delivered configuration; what they exit with is what happened. The agent
 * fences them like everything else and knows them again after a crash.
 */
export function scriptTarget(agent: HostAgent, declaration: ScriptDeclaration): Target {
  const { deploy, verify, destroy, timeout } = declaration;
  return {
    id: "script",
    fencing: "fenced",
    async deploy(context, spec, artifactPaths) {
      await ensureArtifacts(agent, spec, artifactPaths);
      // The agent keeps what is installed here, its user and its configuration; it starts no process.
      await agent.call("slot.deploy", { ...context, spec: { ...spec, processes: {} } });
      await agent.call("check.start", {
        fence: context.fence,
        run: installRun(spec.slot, spec.generation),
        argv: deploy,
        andThen: [verify],
        env: {},
        tree: null,
        timeoutMs: timeout,
        outputBytes,
        slot: spec.slot,
      });
    },
    async destroy(context, slot) {
      const { deployed } = await agent.call("slot.observe", { slot });
      if (deployed !== null) {
        await agent.call("check.stop", { run: installRun(slot, deployed.generation) });
        await runDestroy(agent, context, slot, { destroy, timeout });
      }
      await agent.call("slot.destroy", { ...context, slot });
    },
    observe: (slot) => observe(agent, slot),
    prove: (slot) => agent.call("slot.prove", { slot }),
    dryRun: (spec) => dryRun(agent, declaration, spec),
  };
}

/** One deployment runs its scripts once: the agent never starts the same run twice. */
function installRun(slot: Slot, generation: string): string {
  return `script/${slotKey(slot)}/${generation}/install`;
}

async function observe(agent: HostAgent, slot: Slot): Promise<SlotObservation> {
  const seen = await agent.call("slot.observe", { slot });
  if (seen.deployed === null) return seen;
  const run = await agent.call("check.observe", {
    run: installRun(slot, seen.deployed.generation),
  });
  // Recorded, but its scripts were never begun: as long as that is so nothing is installed.
  if (run.state === "absent") {
    return { ...seen, deployed: null, state: "empty", message: "nothing is installed here" };
  }
  const { state, message } = judge(run);
  return { ...seen, state, message, instances: [asInstance(run, state)] };
}

function judge(run: CheckProcess): { state: SlotObservation["state"]; message: string } {
  if (run.state === "running") return { state: "starting", message: "the deploy script runs" };
  if (run.state === "unknown") {
    return { state: "failed", message: "the deploy script was lost: it ended without a status" };
  }
  if (run.exitCode === 0) return { state: "ready", message: "deployed and verified" };
  return { state: "failed", message: `the script failed: ${ending(run)}` };
}

function ending(run: CheckProcess): string {
  if (run.timedOut) return `not done after ${Math.round(run.durationMs)} ms`;
  return run.signal ?? (run.exitCode === null ? "no exit status" : `exit code ${run.exitCode}`);
}

/** The script in the place of a process, so that its last lines are shown where people look for them. */
function asInstance(
  run: CheckProcess,
  state: SlotObservation["state"],
): SlotObservation["instances"][number] {
  return {
    id: "script",
    process: "script",
    index: 0,
    state: state === "ready" ? "ready" : state === "starting" ? "starting" : "exited",
    pid: null,
    startedAt: null,
    host: "127.0.0.1",
    port: null,
    restarts: 0,
    lastExit: run.state === "running" ? null : ending(run),
    logTail: state === "ready" ? [] : lastLines(run),
  };
}

function lastLines(run: CheckProcess): string[] {
  return `${run.stdout}${run.stderr}`.trimEnd().split("\n").slice(-tailLines);
}

async function runDestroy(
  agent: HostAgent,
  context: EffectContext,
  slot: Slot,
  script: { readonly destroy: string[]; readonly timeout: number },
): Promise<void> {
  const run = `script/${slotKey(slot)}/destroy/${context.operation}`;
  await agent.call("check.start", {
    fence: context.fence,
    run,
    argv: script.destroy,
    env: {},
    tree: null,
    timeoutMs: script.timeout,
    outputBytes,
    slot,
  });
  const ended = await untilEnded(agent, run, destroyWaitMs);
  if (ended === null) {
    throw new TidelockError("timeout", "the destroy script still runs", {
      where: slotKey(slot),
      retryable: true,
    });
  }
  if (ended.exitCode === 0) return;
  throw new TidelockError("failed", `the destroy script failed: ${ending(ended)}`, {
    where: slotKey(slot),
    fault: "operator",
    hint: lastLines(ended).join("\n") || "it wrote nothing",
  });
}

async function dryRun(
  agent: HostAgent,
  declaration: ScriptDeclaration,
  spec: SlotSpec,
): Promise<readonly string[]> {
  const [artifact] = spec.artifacts;
  if (declaration.dryRun === undefined || artifact === undefined) {
    const { deploy, verify } = declaration;
    return [`run ${deploy.join(" ")}`, `run ${verify.join(" ")}`];
  }
  const run = `dry-run/${randomUUID()}`;
  await agent.call("check.start", {
    fence: null,
    run,
    argv: declaration.dryRun,
    env: {
      TIDELOCK_SERVICE: spec.slot.service,
      TIDELOCK_ENVIRONMENT: spec.slot.environment,
      TIDELOCK_COLOUR: spec.slot.colour,
      TIDELOCK_RELEASE: spec.release,
      TIDELOCK_VERSION: spec.releaseName.slice(spec.releaseName.indexOf("@") + 1),
    },
    tree: artifact.digest,
    timeoutMs: Math.min(declaration.timeout, dryRunMs),
    outputBytes,
  });
  const ended = await untilEnded(agent, run, dryRunMs);
  if (ended?.exitCode === 0) return ended.stdout.trimEnd().split("\n");
  throw new TidelockError(
    "failed",
    `the dry-run script failed: ${ended === null ? "it does not end" : ending(ended)}`,
    { where: slotKey(spec.slot), fault: "operator", hint: ended?.stderr.trimEnd() ?? "" },
  );
}

/** How a run ended; null when it has not after the limit. */
async function untilEnded(
  agent: HostAgent,
  run: string,
  limitMs: number,
): Promise<CheckProcess | null> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const seen = await agent.call("check.observe", { run });
    if (seen.state !== "running") return seen;
    if (performance.now() > deadline) return null;
    await sleep(pollMs);
  }
}
