import { isDeepStrictEqual } from "node:util";
import type { Process } from "../../model/pipeline.ts";
import { printable } from "../../model/printable.ts";
import type {
  ComparedKey,
  EnvironmentComparison,
  EnvironmentSide,
} from "../../ports/environment-comparison.ts";
import type { Difference, DifferenceClass } from "./classes.ts";

/** What was found, and over how many comparisons. */
export interface Comparison {
  readonly differences: readonly Difference[];
  readonly compared: number;
}

/** Everything that can be compared without asking either of them; the same on both sides differs nowhere. */
export function compareRecords(
  { here, there, keys }: EnvironmentComparison,
  isFlag: (key: string) => boolean,
): Comparison {
  if (there === null) return { differences: [], compared: 0 };
  const parts = [
    compareKeys(keys, isFlag),
    compareProcesses(here, there),
    compareTools(here, there),
    compareParts(here, there),
    compareFacts(here, there),
    compareRouters(here, there),
  ];
  return {
    differences: parts.flatMap(({ differences }) => differences),
    compared: parts.reduce((sum, { compared }) => sum + compared, 0),
  };
}

function compareKeys(keys: readonly ComparedKey[], isFlag: (key: string) => boolean): Comparison {
  const differences = keys.flatMap(({ name, here, there, same }): Difference[] => {
    const place = `key ${name}`;
    const found = (which: DifferenceClass, message: string) => [{ class: which, place, message }];
    if (here === null) return found("key-missing", `${name}, a ${there}, is only there`);
    if (there === null) return found("key-extra", `${name}, a ${here}, is only here`);
    if (here !== there) return found("key-kind", `${name} is a ${here} here, and a ${there} there`);
    if (same !== false) return [];
    return isFlag(name)
      ? found("flag", `the flag ${name} is set otherwise there`)
      : found("value", `${name} has another value there`);
  });
  return { differences, compared: keys.length };
}

const processFacts = ["port", "router", "ready", "stop", "state"] as const;

function compareProcesses(here: EnvironmentSide, there: EnvironmentSide): Comparison {
  const names = namesOf(here.processes, there.processes);
  const older =
    here.pipeline === there.pipeline
      ? ""
      : " (it was promoted with another version of the pipeline)";
  const differences: Difference[] = [];
  for (const name of names) {
    const own = ownOf(here.processes, name);
    const other = ownOf(there.processes, name);
    const place = `process ${name}`;
    const add = (which: DifferenceClass, message: string) =>
      differences.push({ class: which, place, message: `${name} ${message}${older}` });
    if (own === undefined) add("process-missing", "runs only there");
    else if (other === undefined) add("process-extra", "runs only here");
    else {
      if (!isDeepStrictEqual(own.command, other.command)) {
        add("command", `is started as ${argv(own)} here, and as ${argv(other)} there`);
      } else differences.push(...compareRuntime(name, here, there));
      if (own.replicas !== other.replicas) {
        add("replicas", `has ${own.replicas} instances here, and ${other.replicas} there`);
      }
      if (!isDeepStrictEqual({ ...own.resources }, { ...other.resources })) {
        add("limits", `has ${limits(own)} here, and ${limits(other)} there`);
      }
      const facts = processFacts.filter((fact) => !isDeepStrictEqual(own[fact], other[fact]));
      if (facts.length > 0) add("process", `has another ${facts.join(", ")} there`);
    }
  }
  return { differences, compared: 5 * names.length };
}

/** What really runs, of a process with the same command on both sides. */
function compareRuntime(name: string, here: EnvironmentSide, there: EnvironmentSide): Difference[] {
  const place = `process ${name}`;
  const [own, other] = [here, there].map(({ programs }) =>
    (programs ?? []).filter(({ process }) => process === name),
  );
  if (!own || !other || own.length === 0 || other.length === 0) return [];
  const programs = (side: typeof own) =>
    [
      ...new Set(
        side.map(({ program, from }) =>
          from === "release" ? `${program} of the release` : program,
        ),
      ),
    ].sort();
  const found: Difference[] = [];
  const [mine, theirs] = [programs(own), programs(other)];
  if (!isDeepStrictEqual(mine, theirs)) {
    const message = `${name} runs ${text(mine)} here, and ${text(theirs)} there, by the same command`;
    found.push({ class: "runtime", place, message });
  }
  const replaced = (side: typeof own) => side.some(({ from }) => from === "removed");
  if (replaced(own) !== replaced(other)) {
    const where = replaced(other) ? "there" : "here";
    const message = `the program of ${name} ${where} was replaced on the disk since it was started: it runs an older one`;
    found.push({ class: "runtime-replaced", place, message });
  }
  return found;
}

function compareTools(here: EnvironmentSide, there: EnvironmentSide): Comparison {
  const names = namesOf(here.tools, there.tools);
  const differences = names.flatMap((name): Difference[] => {
    const [own, other] = [ownOf(here.tools, name), ownOf(there.tools, name)];
    if (own === other) return [];
    const message = `the release was built with ${versionOf(name, own)} here, and with ${versionOf(name, other)} there`;
    return [{ class: "tools", place: `tool ${printable(name, 80)}`, message }];
  });
  return { differences, compared: names.length };
}

function compareParts(here: EnvironmentSide, there: EnvironmentSide): Comparison {
  const listed = ({ parts }: EnvironmentSide) =>
    parts.map(({ name, mediaType }) => `${printable(name, 80)} (${printable(mediaType, 80)})`);
  const [own, other] = [new Set(listed(here)), new Set(listed(there))];
  const only = (one: ReadonlySet<string>, two: ReadonlySet<string>, where: string) =>
    [...one]
      .filter((part) => !two.has(part))
      .map((part): Difference => {
        const message = `the part ${part} is only in the release ${where}`;
        return { class: "parts", place: `part ${part}`, message };
      });
  const differences = [...only(own, other, "here"), ...only(other, own, "there")];
  return { differences, compared: new Set([...own, ...other]).size };
}

const facts = ["target", "strategy", "delivery", "isolation"] as const;

function compareFacts(here: EnvironmentSide, there: EnvironmentSide): Comparison {
  const differences = facts.flatMap((fact): Difference[] => {
    const [own, other] = [here.facts[fact], there.facts[fact]];
    if (own === other) return [];
    return [{ class: fact, place: fact, message: `${fact} is ${own} here, and ${other} there` }];
  });
  return { differences, compared: facts.length };
}

function compareRouters(
  { router: own }: EnvironmentSide,
  { router: other }: EnvironmentSide,
): Comparison {
  const place = "router";
  if (own === null || other === null) {
    const message = `there is ${own ? "a" : "no"} router here, and ${other ? "one" : "none"} there`;
    const differs = (own === null) !== (other === null);
    return { differences: differs ? [{ class: "router", place, message }] : [], compared: 1 };
  }
  const differences: Difference[] = [];
  if (own.tls !== other.tls) {
    const message = `users come with${own.tls ? "" : "out"} TLS here, and with${other.tls ? "" : "out"} it there`;
    differences.push({ class: "tls", place, message });
  }
  for (const limit of ["headerBytes", "bodyBytes"] as const) {
    if (own[limit] === other[limit]) continue;
    const message = `${limit} is ${own[limit]} here, and ${other[limit]} there`;
    differences.push({ class: "router-limits", place, message });
  }
  const trusted = [own, other].map(({ trustedProxies }) => [...new Set(trustedProxies)].sort());
  if (!isDeepStrictEqual(trusted[0], trusted[1])) {
    const message = `other proxies are trusted there (${trusted[0]?.length} here, ${trusted[1]?.length} there)`;
    differences.push({ class: "trusted-proxies", place, message });
  }
  return { differences, compared: 5 };
}

function namesOf(here: object, there: object): readonly string[] {
  return [...new Set([...Object.keys(here), ...Object.keys(there)])].sort();
}

function ownOf<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function argv({ command }: Process): string {
  return `\`${printable(command.join(" "), 150)}\``;
}

function limits({ resources }: Process): string {
  const all = Object.entries(resources).map(([name, most]) => `${name} ${most}`);
  return all.length === 0 ? "no limits" : text(all);
}

function versionOf(name: string, version: string | undefined): string {
  return version === undefined ? `no ${printable(name, 80)}` : printable(`${name} ${version}`, 120);
}

function text(items: readonly string[]): string {
  return items.map((item) => printable(item, 100)).join(", ") || "nothing";
}
