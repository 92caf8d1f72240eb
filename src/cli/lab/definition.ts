import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { TidelockError } from "../../model/errors.ts";
import { Name, Version } from "../../model/primitives.ts";
import { Verdict } from "../../model/verdict.ts";

const Headers = z.record(z.string(), z.string()).default({});

/** One request, as a user or an outsider sends it. */
export const Ask = z.strictObject({
  url: z.url({ protocol: /^http$/ }),
  method: z.enum(["GET", "POST", "PUT", "DELETE"]).default("GET"),
  headers: Headers,
  json: z.json().optional(),
});
export type Ask = z.infer<typeof Ask>;

const Id = z.string().regex(/^[a-z0-9-]{1,40}$/);

/** What happens, one after the other. Paths are relative to the lab's folder. */
export const LabStep = z.discriminatedUnion("do", [
  /** Any command; `stdin` for secrets. `{lab}` is the lab's own folder, for files beside the service. */
  z.strictObject({
    do: z.literal("tidelock"),
    words: z.array(z.string()).min(1),
    stdin: z.string().optional(),
    exit: z.int().default(0),
  }),
  /** Lays a folder over the service and packs it. */
  z.strictObject({ do: z.literal("release"), version: Version, over: z.string().optional() }),
  /** Its end is looked at by the assertions. */
  z.strictObject({ do: z.literal("promote"), id: Id, version: Version, to: Name }),
  /** Users who keep sending requests from here to the end of the lab. */
  z.strictObject({
    do: z.literal("users"),
    requests: z.array(Ask).min(1),
    everyMs: z.int().min(1).default(20),
    /** Header of every answer that says who answered. */
    who: z.string(),
  }),
  /** Asks once and keeps the answer for an assertion. */
  z.strictObject({ do: z.literal("ask"), id: Id, ask: Ask }),
]);
export type LabStep = z.infer<typeof LabStep>;

const That = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("exit"), of: Id, is: z.array(z.int()).min(1) }),
  z.strictObject({
    kind: z.literal("check"),
    of: Id,
    name: Name,
    verdict: z.array(Verdict).min(1),
    says: z.string().optional(),
  }),
  /** The check was demanded and never begun. */
  z.strictObject({ kind: z.literal("not-begun"), of: Id, name: Name }),
  z.strictObject({ kind: z.literal("live"), environment: Name, version: Version }),
  z.strictObject({ kind: z.literal("same"), answers: z.array(Id).length(2) }),
  z.strictObject({
    kind: z.literal("answer"),
    ask: Ask,
    status: z.int(),
    contains: z.string().optional(),
    lacks: z.string().optional(),
  }),
  /** Every request of a user was answered below 500, by one of these, and there were so many. */
  z.strictObject({
    kind: z.literal("users"),
    only: z.array(z.string()).min(1),
    atLeast: z.int().positive(),
  }),
  /** Nobody listens there. */
  z.strictObject({ kind: z.literal("closed"), address: z.string().regex(/^[\d.]+:\d+$/) }),
  z.strictObject({ kind: z.literal("mails"), count: z.int().nonnegative() }),
]);
export type That = z.infer<typeof That>;

const Assertion = z.strictObject({ says: z.string(), that: That });
export type Assertion = z.infer<typeof Assertion>;

export const Lab = z.strictObject({
  title: z.string(),
  teaches: z.string(),
  /** The service's name. */
  service: Name,
  /** Ports of a mail server of the live side, and of a page that shows what it got. */
  mailbox: z.strictObject({ smtp: z.int().positive(), web: z.int().positive() }).optional(),
  steps: z.array(LabStep).min(1),
  assert: z.array(Assertion).min(1),
  /** For whoever keeps the lab: what to do, and when it is solved (`tidelock lab check`). */
  challenge: z.strictObject({ task: z.string(), solved: z.array(Assertion).min(1) }).optional(),
});
export type Lab = z.infer<typeof Lab>;

/** examples/labs beside the program, in a clone and in the package. */
export function labsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (folder !== dirname(folder)) {
    const found = join(folder, "examples", "labs");
    if (existsSync(found)) return found;
    folder = dirname(folder);
  }
  throw new TidelockError("not-found", "the folder examples/labs is not there", {
    hint: "it comes with the package; install it again",
  });
}

export function labNames(): readonly string[] {
  return readdirSync(labsFolder(), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(labFile(entry.name)))
    .map(({ name }) => name)
    .sort();
}

function labFile(name: string): string {
  return join(labsFolder(), name, "lab.yaml");
}

/** Ports of the labs: what listens there on this machine already is given another one. */
const labPort = /\b127\.0\.0\.1:(82\d\d)\b|\b(?:smtp|web): (82\d\d)\b/g;

export function portsIn(text: string): readonly number[] {
  const ports = [...text.matchAll(labPort)].map(([, first, second]) => Number(first ?? second));
  return [...new Set(ports)];
}

export function withPorts(text: string, ports: ReadonlyMap<number, number>): string {
  return text.replace(labPort, (found: string, first?: string, second?: string) => {
    const wanted = first ?? second ?? "";
    return found.replace(wanted, String(ports.get(Number(wanted)) ?? wanted));
  });
}

export function labText(name: string): string {
  if (labNames().includes(name)) return readFileSync(labFile(name), "utf8");
  throw new TidelockError("not-found", `there is no lab ${name}`, {
    fault: "operator",
    where: name,
    hint: `one of ${labNames().join(", ")}`,
  });
}

/** Throws `invalid-input` with the field that is wrong. */
export function readLab(name: string, ports: ReadonlyMap<number, number> = new Map()): Lab {
  const parsed = Lab.safeParse(parse(withPorts(labText(name), ports), { maxAliasCount: 50 }));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TidelockError("invalid-input", `the lab ${name} is not well written`, {
    where: `${labFile(name)} (${z.core.toDotPath(issue?.path ?? [])})`,
    hint: issue?.message ?? "",
  });
}
