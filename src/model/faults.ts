import { fillSinks, type SinkAddresses } from "./sinks.ts";

/**
 * What may be made to fail while a colour is under test, named in its isolated configuration:
 *
 *   {fault.catalogue=127.0.0.1:9001}       a way to a dependency that can be made slow or cut, as `host:port`
 *   {fault.catalogue.host=127.0.0.1:9001}  and its two parts by themselves, also `.port`
 *   {fault.mail={sink.mail.host}:{sink.mail.port}}   a sink may be behind it
 *   {fault.disk=64m}                       a disk of its own for `$TIDELOCK_STATE_DIR`, of so many MiB; its size in bytes
 */
const placeholder =
  /\{fault\.([a-z][a-z0-9-]{0,30})(?:\.(host|port))?=([A-Za-z0-9._:[\]-]{1,300})\}/g;
const mention = /\{fault\.[^}]*\}?/;

/** The name that means a disk instead of a dependency. */
export const diskName = "disk";
export const mostDiskMb = 1024;

export interface Dependency {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** Everything that one deployment declares. */
export interface FaultPoints {
  readonly dependencies: readonly Dependency[];
  /** Bytes; null without a disk of its own. */
  readonly disk: number | null;
}

/** Where a deployment's ways to its dependencies begin, by name, and the size of its disk. */
export interface FaultAddresses {
  readonly dependencies: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
  readonly disk: number | null;
}

export const noFaults: FaultAddresses = { dependencies: {}, disk: null };

const anySinks: SinkAddresses = {
  mail: { host: "127.0.0.1", port: 1 },
  http: { host: "127.0.0.1", port: 1 },
  tcp: { host: "127.0.0.1", port: 1 },
};

export function namesFault(value: string): boolean {
  return mention.test(value);
}

/** What is wrong with the first placeholder that does not fit, in words; null when all do. */
export function faultProblemIn(value: string): string | null {
  const filled = fillSinks(value, anySinks);
  for (const [text, name = "", part, target = ""] of filled.matchAll(placeholder)) {
    if (name !== diskName && hostPort(target) === null) return `${text} does not name host:port`;
    if (name === diskName && (part !== undefined || diskBytes(target) === null)) {
      return `${text} names no size: write {fault.disk=64m}, at most ${mostDiskMb}m`;
    }
  }
  const left = mention.exec(filled.replaceAll(placeholder, ""))?.[0];
  return left === undefined
    ? null
    : `${left} is no place of a fault: write {fault.<name>=<host>:<port>}`;
}

/**
 * What the values declare, sinks being in place already; each name once.
 * @returns a sentence when one name stands for two things
 */
export function faultPointsIn(values: Iterable<string>): FaultPoints | string {
  const dependencies = new Map<string, Dependency>();
  let disk: number | null = null;
  for (const value of values) {
    for (const [, name = "", , target = ""] of value.matchAll(placeholder)) {
      if (name === diskName) {
        const bytes = diskBytes(target);
        if (disk !== null && bytes !== disk) return "two sizes are given for {fault.disk}";
        disk = bytes;
        continue;
      }
      const at = hostPort(target);
      if (at === null) continue;
      const known = dependencies.get(name);
      if (known !== undefined && (known.host !== at.host || known.port !== at.port)) {
        return `{fault.${name}} stands for two addresses`;
      }
      dependencies.set(name, { name, ...at });
    }
  }
  return { dependencies: [...dependencies.values()], disk };
}

/** Puts addresses in the place of placeholders; one without an address stays as it is. */
export function fillFaults(value: string, addresses: FaultAddresses): string {
  return value.replaceAll(placeholder, (text: string, name: string, part: string | undefined) => {
    if (name === diskName) return addresses.disk === null ? text : String(addresses.disk);
    const address = Object.hasOwn(addresses.dependencies, name)
      ? addresses.dependencies[name]
      : undefined;
    if (address === undefined) return text;
    if (part === "host") return address.host;
    if (part === "port") return String(address.port);
    return `${address.host}:${address.port}`;
  });
}

/** The value as it would be without faults: what is behind each placeholder stands in its place. */
export function withoutFaults(value: string): string {
  return value.replaceAll(
    placeholder,
    (_text, name: string, part: string | undefined, target: string) => {
      const at = name === diskName ? null : hostPort(target);
      if (at === null || part === undefined) return target;
      return part === "host" ? at.host : String(at.port);
    },
  );
}

function hostPort(text: string): { host: string; port: number } | null {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port };
}

function diskBytes(text: string): number | null {
  const found = /^(\d{1,4})m$/.exec(text);
  const size = Number(found?.[1]);
  return found === null || size < 1 || size > mostDiskMb ? null : size * 1024 * 1024;
}
