import type { Problem } from "../model/errors.ts";
import type { Environment, Pipeline, PipelineEnvironment } from "../model/pipeline.ts";
import { nearest } from "../model/nearest.ts";
import type { Path, SourceDocument } from "./read-yaml.ts";

/** A document that fits its schema, with the places of its parts. */
export interface Placed<D> {
  readonly document: D;
  readonly source: SourceDocument;
}

type Report = (source: SourceDocument, path: Path, message: string, hint: string) => void;

/** What no single field can get wrong: names that clash, point nowhere or go round in a circle; at most `limit`. */
export function crossCheck(
  pipelines: readonly Placed<Pipeline>[],
  environments: readonly Placed<Environment>[],
  limit: number,
): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (source, path, message, hint) => {
    if (problems.length >= limit) return;
    problems.push({ where: source.at(path), message, hint });
  };
  uniqueNames("Pipeline", pipelines, report);
  uniqueNames("Environment", environments, report);
  for (const pipeline of pipelines) {
    checkProcesses(pipeline, report);
    checkBuild(pipeline, report);
    checkLanes(pipeline, report);
    checkRoutes(pipeline, environments, report);
  }
  for (const { document, source } of environments) {
    uniqueChecks(document.spec.floor.checks, ["spec", "floor", "checks"], source, report);
  }
  checkAddresses(environments, report);
  return problems;
}

function uniqueNames(
  kind: string,
  placed: readonly Placed<{ metadata: { name: string } }>[],
  report: Report,
): void {
  const seen = new Map<string, string>();
  for (const { document, source } of placed) {
    const name = document.metadata.name;
    const first = seen.get(name);
    const path = ["metadata", "name"];
    if (first === undefined) seen.set(name, source.at(path));
    else
      report(
        source,
        path,
        `there are two ${kind} documents named ${name}`,
        `the first is at ${first}`,
      );
  }
}

function checkProcesses({ document, source }: Placed<Pipeline>, report: Report): void {
  const processes = Object.entries(document.spec.processes);
  const at = (...path: Path): Path => ["spec", "processes", ...path];
  if (processes.length === 0) {
    report(
      source,
      at(),
      "`spec.processes` is empty",
      "declare at least one process with a command",
    );
  }
  const routed = processes.filter(([, process]) => process.router === "http").map(([name]) => name);
  for (const name of routed.slice(1)) {
    const hint = "write `router: none` for every process but the one that users reach";
    report(
      source,
      at(name),
      `${name} and ${routed[0]} both have \`router: http\`; at most one may`,
      hint,
    );
  }
  for (const [name, process] of processes) {
    if (process.port === "none" && process.router === "http") {
      const hint = "write `router: none`, or let it have a port";
      report(source, at(name, "port"), `${name} has \`router: http\` but \`port: none\``, hint);
    } else if (process.port === "none" && process.ready.kind !== "alive") {
      const hint = "write `ready: {kind: alive}`";
      const message = `${name} has no port, so \`ready: ${process.ready.kind}\` can never answer`;
      report(source, at(name, "ready"), message, hint);
    }
    if (process.port === "argument" && !process.command.some((part) => part.includes("{port}"))) {
      const hint = 'add it, for example `command: ["./server", "--port", "{port}"]`';
      report(
        source,
        at(name, "command"),
        `${name} has \`port: argument\` but no \`{port}\` in it`,
        hint,
      );
    }
  }
}

function checkBuild({ document, source }: Placed<Pipeline>, report: Report): void {
  const folders: [Path, string][] = [[["spec", "path"], document.spec.path]];
  if (document.spec.build) folders.push([["spec", "build", "output"], document.spec.build.output]);
  for (const [path, folder] of folders) {
    if (folder.startsWith("/") || folder.split(/[/\\]/).includes("..")) {
      const hint = "write a folder below it, relative, without `..`";
      report(source, path, `\`${path.join(".")}\` leaves the folder it is relative to`, hint);
    }
  }
}

function checkLanes({ document, source }: Placed<Pipeline>, report: Report): void {
  const lanes = document.spec.environments;
  const names = lanes.map((lane) => lane.name);
  const processes = Object.keys(document.spec.processes);
  let clean = true;
  for (const [index, lane] of lanes.entries()) {
    const at = (...path: Path): Path => ["spec", "environments", index, ...path];
    if (names.indexOf(lane.name) !== index) {
      clean = false;
      report(
        source,
        at("name"),
        `${lane.name} is listed twice`,
        "keep one entry for each environment",
      );
    }
    for (const [position, name] of (lane.after ?? []).entries()) {
      if (names.includes(name)) continue;
      clean = false;
      const hint = meant(name, names);
      report(
        source,
        at("after", position),
        `${lane.name} comes after ${name}, which is not in this pipeline`,
        hint,
      );
    }
    for (const name of Object.keys(lane.replicas)) {
      if (processes.includes(name)) continue;
      const message = `${lane.name} sets replicas of ${name}, which is no process of this service`;
      report(source, at("replicas", name), message, meant(name, processes));
    }
    uniqueChecks(lane.checks, at("checks"), source, report);
  }
  const circle = clean ? findCircle(lanes) : null;
  if (circle !== null) {
    const index = names.indexOf(circle[0] ?? "");
    const hint =
      "an environment without `after` comes after the one above it; `after: []` starts anew";
    const message = `these environments wait for each other: ${circle.join(" → ")}`;
    report(source, ["spec", "environments", index, "after"], message, hint);
  }
}

/** The environments that must have verified a release before `lanes[index]` takes it. */
export function predecessorsOf(
  lanes: readonly PipelineEnvironment[],
  index: number,
): readonly string[] {
  const above = lanes[index - 1];
  return lanes[index]?.after ?? (above ? [above.name] : []);
}

/** The first circle as `a → b → a`, or null. */
function findCircle(lanes: readonly PipelineEnvironment[]): readonly string[] | null {
  const done = new Set<string>();
  const walk = (name: string, trail: readonly string[]): readonly string[] | null => {
    const again = trail.indexOf(name);
    if (again !== -1) return [...trail.slice(again), name];
    if (done.has(name)) return null;
    const index = lanes.findIndex((lane) => lane.name === name);
    for (const before of predecessorsOf(lanes, index)) {
      const circle = walk(before, [...trail, name]);
      if (circle !== null) return circle;
    }
    done.add(name);
    return null;
  };
  for (const lane of lanes) {
    const circle = walk(lane.name, []);
    if (circle !== null) return circle;
  }
  return null;
}

function uniqueChecks(
  checks: readonly { name: string }[],
  path: Path,
  source: SourceDocument,
  report: Report,
): void {
  const names = checks.map((check) => check.name);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) === index) continue;
    const hint = "give each check of an environment its own name";
    report(source, [...path, index, "name"], `the check name ${name} is taken`, hint);
  }
}

/** Only environments of the same file can be compared; the server does the same with registered ones. */
function checkRoutes(
  { document, source }: Placed<Pipeline>,
  environments: readonly Placed<Environment>[],
  report: Report,
): void {
  const service = document.metadata.name;
  const routed = Object.values(document.spec.processes).some(
    (process) => process.router === "http",
  );
  if (!routed) return;
  for (const [index, lane] of document.spec.environments.entries()) {
    const environment = environments.find(
      ({ document: { metadata } }) => metadata.name === lane.name,
    );
    if (environment === undefined) continue;
    const router = environment.document.spec.router;
    if (router.type === "none" && lane.strategy === "blue-green") {
      const message = `blue-green moves the traffic of ${service} in ${lane.name}, but that environment has \`router: {type: none}\``;
      const hint =
        "give the environment a router, or write `strategy: recreate`, or `router: none` for the process";
      report(source, ["spec", "environments", index], message, hint);
    } else if (router.type === "embedded" && router.listen[service] === undefined) {
      const message = `the environment ${lane.name} has no address for ${service}`;
      const hint = `add it, for example \`listen: {${service}: "127.0.0.1:8080"}\``;
      report(environment.source, ["spec", "router", "listen"], message, hint);
    }
  }
}

function checkAddresses(environments: readonly Placed<Environment>[], report: Report): void {
  const taken = new Map<string, string>();
  for (const { document, source } of environments) {
    const router = document.spec.router;
    if (router.type !== "embedded") continue;
    for (const [service, address] of Object.entries(router.listen)) {
      const path = ["spec", "router", "listen", service];
      const port = Number(address.slice(address.lastIndexOf(":") + 1));
      const owner = `${service} in ${document.metadata.name}`;
      const other = taken.get(address);
      if (port < 1 || port > 65_535) {
        report(source, path, `${port} is not a port`, "ports go from 1 to 65535");
      } else if (other !== undefined) {
        report(source, path, `${address} is the address of ${other} already`, "use another port");
      } else taken.set(address, owner);
    }
  }
}

function meant(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === null ? `known here: ${known.join(", ")}` : `did you mean \`${near}\`?`;
}
