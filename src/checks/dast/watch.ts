import type { Exchange } from "../exchange.ts";
import { showsStack } from "../exposure.ts";
import type { RuleId } from "./rules.ts";
import type { Lab, Seen } from "./lab.ts";
import { parseJson } from "../probing/identity.ts";
import { keyOf } from "../probing/operation.ts";

/** What is looked for in every answer of the scan, whoever asked for whatever reason. */
interface Sign {
  readonly rule: RuleId;
  /** What it shows, in our words; null when it does not. */
  readonly shows: (seen: Pick<Seen, "answer" | "request">) => string | null;
}

const debugPages =
  /Werkzeug Debugger|You're seeing this error because you have <code>DEBUG = True|Whoops, looks like something went wrong|Laravel.{0,40}Exception|<title>Action Controller: Exception caught|Better Errors|ASP\.NET is configured to show verbose error messages|sqlalchemy\.exc\.\w+Error|org\.hibernate\.\w+Exception/;

const passwordName =
  /^(password|passwd|pwd|pass|password_?hash|pass_?hash|pw_?hash|hashed_?password|password_?digest|password_?salt)$/i;
const hashes =
  /\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}|\$argon2(id?|d)\$v=\d+\$|\$6\$[./A-Za-z0-9]{8,16}\$[./A-Za-z0-9]{86}/;

const signs: readonly Sign[] = [
  {
    rule: "verbose-error",
    shows: ({ answer }) => {
      if (showsStack(answer)) return "the answer has a stack trace";
      return debugPages.test(answer.body) ? "the answer is a page for debugging" : null;
    },
  },
  {
    rule: "excessive-data",
    shows: ({ answer, request }) => {
      if (answer.status >= 300 || !/json/i.test(answer.headers["content-type"] ?? "")) return null;
      const name = passwordIn(parseJson(answer.body), `${request.path} ${request.body ?? ""}`, 0);
      if (name !== null) return `the answer has a field ${name} with a value`;
      return hashes.test(answer.body) ? "the answer has the hash of a password" : null;
    },
  },
];

const mostCandidates = 500;

/** Keeps what answers give away on the side, and asks again at the end whether they still do. */
export class Watch {
  readonly #candidates = new Map<string, { sign: Sign; seen: Seen; says: string }>();
  readonly #files = new Set<string>();

  take(seen: Seen): void {
    for (const sign of signs) {
      const key = JSON.stringify([sign.rule, keyOf(seen.operation), seen.parameter?.name ?? null]);
      if (this.#candidates.has(key) || this.#candidates.size >= mostCandidates) continue;
      const says = sign.shows(seen);
      if (says !== null) this.#candidates.set(key, { sign, seen, says });
    }
    if (showsStack(seen.answer)) this.#nameFiles(seen.answer);
  }

  get files(): ReadonlySet<string> {
    return this.#files;
  }

  async confirm(lab: Lab): Promise<void> {
    for (const { sign, seen, says } of this.#candidates.values()) {
      const { operation, parameter, request, actor } = seen;
      const answer = await lab.prober.send(request, actor);
      if (answer === null || sign.shows({ answer, request }) === null) continue;
      lab.report(
        { operation, actor, ...(parameter === null ? {} : { parameter }) },
        { rule: sign.rule, evidence: [says, "and again when asked again"], replay: request },
      );
    }
  }

  #nameFiles({ body }: Exchange): void {
    for (const [, file] of body.matchAll(
      /(?:File "|\()(\/[\w./-]{1,200}\.(?:py|js|ts|php|rb|java))/g,
    )) {
      if (
        file !== undefined &&
        !/node_modules|site-packages|\/lib\/python/.test(file) &&
        this.#files.size < 20
      ) {
        this.#files.add(file);
      }
    }
  }
}

/** The name of a field with a password in it that was not sent by us. */
function passwordIn(value: unknown, sent: string, depth: number): string | null {
  if (typeof value !== "object" || value === null || depth > 6) return null;
  for (const [name, inner] of Object.entries(value).slice(0, 500)) {
    if (
      passwordName.test(name) &&
      typeof inner === "string" &&
      inner !== "" &&
      !/^[*•x.]+$/.test(inner)
    ) {
      if (!sent.includes(inner)) return name;
    }
    const deeper = passwordIn(inner, sent, depth + 1);
    if (deeper !== null) return deeper;
  }
  return null;
}
