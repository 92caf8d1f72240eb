import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { ManifestComparison } from "../../ports/check.ts";
import type { Result } from "../../ports/host-agent.ts";
import type { ManifestConfiguration } from "./schema.ts";

type Found = CheckReport["results"][number];
type Ports = Result<"slot.ports">;

/** What every process of ours starts with. */
const ours = /^(PATH|HOME|TMPDIR|LANG|PORT|HOST|TIDELOCK_[A-Z0-9_]+)$/;

/** Everything that is not as the promotion's records say, one result each; what is right is one result a kind. */
export function judge(
  comparison: ManifestComparison,
  ports: Ports,
  configuration: ManifestConfiguration,
): readonly Found[] {
  return [
    ...judgeDeployment(comparison),
    ...judgeFiles(comparison),
    ...judgeKeys(comparison),
    ...judgeProcesses(comparison, configuration),
    ...judgeVariables(comparison, configuration),
    ...judgePorts(ports, configuration),
  ];
}

/** One passing result when nothing is wrong. */
function all(name: string, wrong: readonly Found[], right: string): readonly Found[] {
  return wrong.length > 0 ? wrong : [{ name, verdict: "pass", message: right }];
}

const bad = (name: string, message: string, verdict: Verdict = "fail"): Found => ({
  name,
  verdict,
  message,
});

function judgeDeployment({ seen, expected }: ManifestComparison): readonly Found[] {
  const { deployed } = seen;
  const name = "deployment";
  if (deployed === null) return [bad(name, "nothing is deployed on the tested colour")];
  const wrong: Found[] = [];
  if (deployed.release !== expected.release) {
    wrong.push(bad(name, `the release ${deployed.release} is there, not ${expected.release}`));
  }
  if (deployed.configuration !== expected.configuration) {
    wrong.push(
      bad(
        name,
        `it has the configuration ${deployed.configuration}, not ${expected.configuration}`,
      ),
    );
  }
  if (deployed.bindings !== expected.bindings) {
    wrong.push(
      bad(name, `it has the ${deployed.bindings} bindings, not the ${expected.bindings} ones`),
    );
  }
  return all(
    name,
    wrong,
    `release, configuration and ${expected.bindings} bindings are those of the promotion`,
  );
}

function judgeFiles({ seen, expected }: ManifestComparison): readonly Found[] {
  const name = "files";
  const wrong: Found[] = [];
  for (const digest of expected.artifacts) {
    const there = seen.artifacts.find((one) => one.digest === digest);
    if (there === undefined) wrong.push(bad(name, `the artifact ${digest} is not there`));
    else if (there.change !== null) wrong.push(bad(name, there.change));
  }
  for (const { digest } of seen.artifacts) {
    if (!expected.artifacts.includes(digest))
      wrong.push(bad(name, `${digest} is not of this release`));
  }
  wrong.push(...seen.misplaced.map((one) => bad(name, one)));
  return all(
    name,
    wrong,
    `${seen.entries} files and folders are those of the release, and nobody may write them`,
  );
}

function judgeKeys({ keys, seen }: ManifestComparison): readonly Found[] {
  const name = "configuration";
  const wrong = keys.flatMap(({ name: key, state, problem }): Found[] => {
    if (state === "other-value")
      return [bad(name, `${key} was delivered with another value than this revision has`)];
    if (state === "missing") return [bad(name, `${key} was not delivered`)];
    if (state === "unexpected")
      return [bad(name, `${key}: ${problem ?? "this revision has no such key"}`)];
    return problem === null ? [] : [bad(name, `${key}: ${problem}`)];
  });
  return all(
    name,
    wrong,
    `${keys.length} keys delivered as ${seen.deployed?.delivery ?? "files"} are those of the revision`,
  );
}

function judgeProcesses(
  { seen, expected }: ManifestComparison,
  { allowPrograms, strays }: ManifestConfiguration,
): readonly Found[] {
  const name = "processes";
  const wrong: Found[] = [];
  for (const [process, replicas] of Object.entries(expected.replicas)) {
    const running = seen.processes.filter(
      ({ main, instance }) => main && instance?.slice(0, instance.lastIndexOf("-")) === process,
    ).length;
    if (running !== replicas) {
      wrong.push(bad(name, `${running} instances of ${process} run, not ${replicas}`));
    }
  }
  for (const { instance, pid, program, from, foreignUser } of seen.processes) {
    const who = `${program || "a program"} (pid ${pid}${instance === null ? "" : ` of ${instance}`})`;
    if (instance === null && strays !== "off") {
      wrong.push(bad(name, `${who} left its instance behind`, strays));
    }
    if (foreignUser !== null) wrong.push(bad(name, `${who} runs as user ${foreignUser}`));
    if (allowPrograms.includes(program)) continue;
    if (from === "written")
      wrong.push(bad(name, `${who} was not released: it lies where services can write`));
    if (from === "removed") wrong.push(bad(name, `${who} is not on the disk any more`, "warn"));
    if (from === "unknown")
      wrong.push(bad(name, `whose program ${who} is cannot be read`, "inconclusive"));
  }
  return all(name, wrong, `${seen.processes.length} processes, all of them expected`);
}

function judgeVariables(
  { seen, keys }: ManifestComparison,
  { allowVariables }: ManifestConfiguration,
): readonly Found[] {
  const name = "environment";
  const known = new Set([...allowVariables, ...keys.map((one) => one.name)]);
  const wrong: Found[] = [];
  for (const { main, instance, variables } of seen.processes) {
    if (!main) continue;
    if (variables === null) {
      wrong.push(
        bad(name, `what ${instance} was started with cannot be read: it wrote over it`, "warn"),
      );
    }
    const extra = (variables ?? []).filter((one) => !ours.test(one) && !known.has(one));
    if (extra.length > 0)
      wrong.push(
        bad(name, `${instance} has ${extra.slice(0, 20).join(", ")}, which nobody gave it`),
      );
  }
  return all(name, wrong, "instances have the variables that they were given, and no others");
}

function judgePorts(
  { listening, own }: Ports,
  { allowPorts }: ManifestConfiguration,
): readonly Found[] {
  const name = "ports";
  const wrong = listening
    .filter(({ port }) => !own.includes(port) && !allowPorts.includes(port))
    .map(({ port, pid, instance }) =>
      bad(
        name,
        `${instance ?? "a process that left its instance behind"} (pid ${pid}) listens on ${port}, and nobody declared it`,
      ),
    );
  return all(name, wrong, `${listening.length} ports open, all of them declared`);
}
