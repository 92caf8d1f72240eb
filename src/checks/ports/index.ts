import { TidelockError } from "../../model/errors.ts";
import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { PortsConfiguration } from "./schema.ts";

/**
 * Holds the ports that the tested colour listens on against those that were declared. They are read from
 * the kernel's table by the host agent, process by process: on a machine that runs other things as well, a
 * scan from outside could not say whose an open port is.
 */
export const ports: Check<typeof PortsConfiguration> = {
  id: "ports",
  schema: PortsConfiguration,
  touch: "passive",
  scans: ["ports"],
  cost: "cheap",
  disturbs: [],
  sensitiveTo: ["availability"],
  judgedBy: "itself",
  run: runPorts,
};

type Result = CheckReport["results"][number];

async function runPorts(
  context: CheckContext,
  configuration: PortsConfiguration,
): Promise<CheckReport> {
  const { slot } = context;
  if (slot === null) {
    throw new TidelockError("unsupported", "nothing is deployed whose ports could be looked at", {
      fault: "operator",
      where: "phase",
      hint: "use `phase: deployed` or `live`",
    });
  }
  const { visible, listening, own } = await context.agent.call("slot.ports", { slot });
  if (!visible) {
    throw new TidelockError(
      "unsupported",
      "this system does not show who listens where (no /proc)",
    );
  }
  const results: Result[] = [];
  for (const { instance, pid, port, reach } of listening) {
    const name = `port ${port}`;
    const who = `${instance ?? "a process that left its instance behind"} (pid ${pid})`;
    if (!own.includes(port) && !configuration.allow.includes(port)) {
      results.push({
        name,
        verdict: "fail",
        message: `${who} listens on it, and nobody declared it`,
      });
    } else if (reach !== "loopback" && configuration.exposed !== "off") {
      const message = `${who} can be reached there from other machines, past the router: listen on $HOST`;
      results.push({ name, verdict: configuration.exposed, message });
    } else {
      results.push({ name, verdict: "pass", message: `${who}, declared` });
    }
  }
  for (const port of own) {
    if (listening.some((one) => one.port === port)) continue;
    const message = "nobody of the tested colour listens where it should";
    results.push({ name: `port ${port}`, verdict: "inconclusive", message });
  }
  return reportOf(results);
}

const worstFirst: readonly Verdict[] = ["fail", "inconclusive", "warn", "pass"];

function reportOf(results: readonly Result[]): CheckReport {
  const verdict =
    worstFirst.find((one) => results.some((result) => result.verdict === one)) ?? "inconclusive";
  const bad = results.filter((result) => result.verdict === verdict);
  const first = bad[0];
  const more = bad.length > 1 ? ` (and ${bad.length - 1} more)` : "";
  return {
    verdict,
    summary:
      first === undefined
        ? "the tested colour listens on no port"
        : verdict === "pass"
          ? `${results.length} ports open, all declared`
          : `${first.name}: ${first.message}${more}`,
    exercised: { requests: 0, assertions: results.length, files: 0 },
    tools: {},
    results: [...results],
  };
}
