import { randomBytes, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { auditPackPath } from "../../api/audit.ts";
import { workloadTokenPath } from "../../api/routes/federation.ts";
import { routes } from "../../api/routes.ts";
import { asTidelockError, TidelockError } from "../../model/errors.ts";
import { signInReturnPath, signInStartPath } from "../../model/identity-provider.ts";
import type { Principal } from "../../model/principal.ts";
import { tokenDigest } from "../../model/token.ts";
import { clientOf } from "../network/client.ts";
import { Budget, type BudgetRule, Slots } from "./budget.ts";

/** What callers may ask: requests by second, and things that are open at once. */
export interface LimitRules {
  /** Of one network: what needs no token (pages, health, hashes of the ledger), and calls that bring none. */
  readonly open: BudgetRule;
  /** Of one network: tries to sign in, in whatever way. */
  readonly signIns: BudgetRule;
  /** Of one network: attempts with what is not valid here. */
  readonly strangers: BudgetRule;
  /** Of one person or machine. */
  readonly calls: BudgetRule;
  /** Of one person or machine: calls that read much or compute long. */
  readonly expensive: BudgetRule;
  /** Of one person or machine, and of all but the owner. */
  readonly streams: readonly [each: number, all: number];
  readonly atOnce: readonly [each: number, all: number];
}

export const defaultLimits: LimitRules = {
  open: { perSecond: 50, burst: 1_000 },
  signIns: { perSecond: 5, burst: 100 },
  strangers: { perSecond: 1, burst: 60 },
  calls: { perSecond: 100, burst: 2_000 },
  expensive: { perSecond: 4, burst: 200 },
  streams: [32, 224],
  atOnce: [8, 32],
};

/** The owner's, whose token opens the machine anyway: no budget, and slots that nobody else fills. */
const ownersSlots = { streams: 32, atOnce: 32 } as const;

/** Credentials that were valid lately; their holders are no strangers, whoever else asks from their network. */
const mostProven = 10_000;
const longestUrl = 4_096;

/** By method and pattern. */
const expensive: ReadonlySet<string> = new Set([
  `POST ${auditPackPath}`,
  `POST ${routes.findingImports.path}`,
  ...[
    routes.findingMetrics,
    routes.findingDetails,
    routes.gateExplain,
    routes.promotionExplain,
    routes.promotionRequirements,
    routes.releaseRequirements,
    routes.plan,
    routes.policyReplay,
    routes.ledgerVerifyState,
    routes.accessReport,
    routes.releaseEvidence,
  ].map(({ method, path }) => `${method} ${path}`),
]);
/** Each begins something for whoever comes: it is kept, computed long, or asked of somebody else. */
const signsIn: ReadonlySet<string> = new Set([
  ...[routes.signIn, routes.welcome, routes.loginBegin, routes.passkeySignIn].map(
    ({ method, path }) => `${method} ${path}`,
  ),
  `GET ${signInStartPath}`,
  `GET ${signInReturnPath}`,
  `POST ${workloadTokenPath}`,
]);
const uploads: ReadonlySet<string> = new Set(["PUT /api/v1/blobs/:digest"]);

type Authenticate = (request: FastifyRequest) => Promise<Principal>;

/**
 * Who may ask how much. Strangers are counted by their network, before anything is looked up for them, and their count is
 * nobody else's: who has proven lately who they are, and the owner, are not held up by whoever shares their address.
 *
 * Counted in this process and in memory; `@fastify/rate-limit` would count each route by one key in windows, where this
 * counts failures alone, one budget over all routes of a caller, and what is open at once.
 */
export class Limits {
  readonly #open: Budget;
  readonly #signIns: Budget;
  readonly #strangers: Budget;
  readonly #calls: Budget;
  readonly #expensive: Budget;
  readonly #streams: Slots;
  readonly #atOnce: Slots;
  readonly #ownersStreams = new Slots(ownersSlots.streams, ownersSlots.streams);
  readonly #ownersAtOnce = new Slots(ownersSlots.atOnce, ownersSlots.atOnce);
  readonly #proven = new Set<string>();
  readonly #counted = new WeakSet<FastifyRequest>();
  readonly #owner: Buffer;

  constructor(token: string | null, rules: LimitRules = defaultLimits) {
    this.#open = new Budget(rules.open);
    this.#signIns = new Budget(rules.signIns);
    this.#strangers = new Budget(rules.strangers);
    this.#calls = new Budget(rules.calls);
    this.#expensive = new Budget(rules.expensive);
    this.#streams = new Slots(...rules.streams);
    this.#atOnce = new Slots(...rules.atOnce);
    const owners = token ?? randomBytes(32).toString("base64url");
    this.#owner = Buffer.from(tokenDigest(`Bearer ${owners}`));
  }

  /** What is asked without saying who asks. Before anything else of the server. */
  register(app: FastifyInstance): void {
    app.addHook("onRequest", async (request, reply) => {
      if (request.url.length > longestUrl) {
        throw new TidelockError("invalid-input", "this address is too long", {
          fault: "operator",
          where: "address",
          hint: `at most ${longestUrl} characters`,
        });
      }
      const access = request.is404 ? null : request.routeOptions.config.access;
      if (access && !("public" in access)) return;
      this.#takeOpen(request, reply);
    });
  }

  /** This machine's own monitors, pages and witnesses may ask more. */
  #takeOpen(request: FastifyRequest, reply: FastifyReply): void {
    const { network, loopback } = clientOf(request);
    const budget = !request.is404 && signsIn.has(callOf(request)) ? this.#signIns : this.#open;
    refuseFor(reply, budget.take(network, loopback ? 0.1 : 1), "this network asks too fast");
  }

  /** Finds out who asks, and counts it. Asked again for the same request, it counts no more. */
  guard(
    authenticate: Authenticate,
  ): (request: FastifyRequest, reply: FastifyReply) => Promise<Principal> {
    return async (request, reply) => {
      if (this.#counted.has(request)) return authenticate(request);
      const { network } = clientOf(request);
      const given = credentialOf(request);
      if (given === null) {
        this.#takeOpen(request, reply);
        return authenticate(request);
      }
      const credential = tokenDigest(given);
      const known =
        this.#proven.has(credential) || timingSafeEqual(Buffer.from(credential), this.#owner);
      if (!known) {
        refuseFor(reply, this.#strangers.wait(network), "too many attempts without a valid token came from this network"); // prettier-ignore
      }
      let principal: Principal;
      try {
        principal = await authenticate(request);
      } catch (error) {
        if (asTidelockError(error).code === "unauthenticated") {
          this.#proven.delete(credential);
          this.#strangers.take(network);
        }
        throw error;
      }
      if (this.#proven.size >= mostProven) this.#proven.clear();
      this.#proven.add(credential);
      this.#counted.add(request);
      this.#count(principal, request, reply);
      return principal;
    };
  }

  #count(principal: Principal, request: FastifyRequest, reply: FastifyReply): void {
    const owner = principal.kind === "bootstrap";
    const key = principal.id;
    const call = callOf(request);
    const costly = expensive.has(call);
    if (!owner) {
      refuseFor(reply, this.#calls.take(key), "you ask too fast");
      if (costly) refuseFor(reply, this.#expensive.take(key), "you ask for such things too fast");
    }
    if (isStream(request)) {
      hold(
        reply,
        (owner ? this.#ownersStreams : this.#streams).enter(key),
        "too many streams are open",
      );
    } else if (costly || uploads.has(call)) {
      hold(
        reply,
        (owner ? this.#ownersAtOnce : this.#atOnce).enter(key),
        "too many such calls run at once",
      );
    }
  }
}

/** What is said about who asks, whatever it is; hashed before it is kept. Null: nothing, which costs no look-up. */
function credentialOf({ headers: { authorization, cookie } }: FastifyRequest): string | null {
  if (authorization !== undefined) return authorization.replace(/^bearer /i, "Bearer ");
  return cookie === undefined ? null : `Cookie ${cookie}`;
}

/** By method and pattern. */
function callOf({ method, routeOptions }: FastifyRequest): string {
  return `${method} ${routeOptions.url ?? ""}`;
}

function isStream({ routeOptions, query }: FastifyRequest): boolean {
  const { url } = routeOptions;
  if (url === routes.events.path) return true;
  return (
    url === routes.logs.path && (query as { follow?: unknown } | undefined)?.follow !== undefined
  );
}

/** Gives a slot back when the connection is done with the answer, whichever way it ends. */
function hold(reply: FastifyReply, leave: (() => void) | null, message: string): void {
  if (leave === null) refuseFor(reply, 5_000, message);
  else reply.raw.once("close", leave).once("finish", leave);
}

function refuseFor(reply: FastifyReply, waitMs: number, message: string): void {
  if (waitMs <= 0) return;
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  reply.header("retry-after", String(seconds));
  throw new TidelockError("too-many-requests", message, {
    fault: "operator",
    retryable: true,
    hint: `try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}`,
  });
}
