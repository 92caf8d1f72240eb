import type { Exchange } from "../../exchange.ts";
import { showsStack } from "../../exposure.ts";
import type { RawRequest } from "../../probing/operation.ts";
import type { FailureKind } from "../../probing/prober.ts";
import type { DeclaredResponse, FuzzDocument, FuzzOperation } from "../describe/operation.ts";
import type { Family } from "../reproduce/reproduction.ts";
import { violation } from "../values/conform.ts";
import type { RuleId } from "./rules.ts";
import { errorIn, normalise, signatureOf } from "./signature.ts";

/** What came of a request. */
export type Outcome =
  | { readonly kind: "answer"; readonly answer: Exchange }
  | { readonly kind: "none"; readonly why: FailureKind; readonly message: string }
  /** The agent says that a process ended. */
  | { readonly kind: "crash"; readonly says: string; readonly signature: string };

/** What a request was for: it decides what its answer may be. */
export interface Purpose {
  readonly operation: string;
  readonly family: Family;
  readonly place: string;
  /** `gone`: it was deleted; `there`: it was created; `taken`: it is right in form; `refused`: nobody is signed in. */
  readonly expect?: "gone" | "there" | "taken" | "refused" | undefined;
}

/** A sign that something is wrong. */
export interface Symptom {
  readonly rule: RuleId;
  readonly signature: string;
  /** Of ours: one sentence, with nothing of the service's in it that is not in the signature. */
  readonly says: string;
  /** The same wherever it is seen: it belongs to no single operation. */
  readonly everywhere: boolean;
}

/** Every sign in an outcome, gravest first. Pure: the same outcome has the same signs. */
export function symptomsOf(
  document: FuzzDocument | null,
  purpose: Purpose,
  request: RawRequest,
  outcome: Outcome,
): readonly Symptom[] {
  const { place, family } = purpose;
  if (outcome.kind === "crash") {
    const { says, signature } = outcome;
    return [
      {
        rule: "crash",
        signature: signature === "" ? `at ${place}` : signature,
        says,
        everywhere: false,
      },
    ];
  }
  if (outcome.kind === "none") {
    if (outcome.why === "unsendable" || outcome.why === "refused") return [];
    const rule = outcome.why === "slow" ? "hang" : "no-answer";
    return [
      { rule, signature: `at ${place}`, says: outcome.message, everywhere: family === "transport" },
    ];
  }
  const { answer } = outcome;
  const operation = document?.operations.find((one) => one.key === purpose.operation);
  return [
    ...failed(purpose, request, answer),
    ...unexpected(purpose, answer),
    ...(document === null || operation === undefined || family === "transport"
      ? []
      : [
          ...undeclared(document, operation, purpose, answer),
          ...accepted(document, operation, request, answer),
        ]),
  ];
}

function failed(
  { family, place }: Purpose,
  request: RawRequest,
  answer: Exchange,
): readonly Symptom[] {
  const { status, headers } = answer;
  const signature = signatureOf(answer);
  const shared =
    family === "transport" ||
    (signature.telling && (family === "malformed" || family === "content-type"));
  const all: Symptom[] = [];
  // "I do not know this method", and "come again later", are answers.
  const honest =
    (status === 501 && /^(TRACE|TIDELOCK)$/.test(request.method)) ||
    (status === 503 && headers["retry-after"] !== undefined);
  if (status >= 500 && !honest) {
    const text = signature.telling
      ? signature.text
      : `${signature.text} ${wherePlace(family, place)}`;
    all.push({
      rule: "server-error",
      signature: text,
      says: `it answers ${status}`,
      everywhere: shared,
    });
  }
  if (showsStack(answer)) {
    const text = errorIn(answer.body.slice(0, 20_000)) ?? "a stack trace";
    all.push({
      rule: "error-leak",
      signature: text.slice(0, 400),
      says: "its answer has a stack trace",
      // That traces are shown at all is one flaw.
      everywhere: true,
    });
  }
  return all;
}

/** Where an answer says nothing, what was wrong with the request has to tell two flaws apart. */
export function wherePlace(family: Family, place: string): string {
  return family === "random" ? `at ${place}` : `at ${place} (${family})`;
}

function unexpected({ expect, place }: Purpose, { status }: Exchange): readonly Symptom[] {
  const sign = (rule: RuleId, signature: string, says: string): readonly Symptom[] => [
    { rule, signature, says, everywhere: false },
  ];
  if (expect === "refused" && status < 300)
    return sign("auth-bypass", "a stranger is answered", `it answers ${status} ${place}`);
  if (expect === "gone" && status < 300)
    return sign("deleted-still-there", `${status}`, `after it was deleted it answers ${status}`);
  if (expect === "there" && (status === 404 || status === 410))
    return sign("created-not-there", `${status}`, `after it was created it answers ${status}`);
  if (expect === "taken" && (status === 400 || status === 415 || status === 422)) {
    return sign("refuses-valid", `${status}`, `it answers ${status} to whatever its schema allows`);
  }
  return [];
}

/** The answer against what is declared for it. */
function undeclared(
  { root }: FuzzDocument,
  { responses }: FuzzOperation,
  { family }: Purpose,
  answer: Exchange,
): readonly Symptom[] {
  const { status } = answer;
  if (responses === null || status >= 500) return [];
  const declared =
    responses.get(`${status}`) ??
    responses.get(`${Math.floor(status / 100)}XX`) ??
    responses.get("DEFAULT");
  if (declared === undefined) {
    // Who refuses nonsense in a way that is not written down does no harm; who accepts it in one does.
    const counts =
      family === "valid" || family === "sequence"
        ? ![401, 403, 404, 409, 429].includes(status)
        : status < 300;
    return counts
      ? [
          {
            rule: "undeclared-status",
            signature: `${status}`,
            says: `it answers ${status}, which is not declared`,
            everywhere: false,
          },
        ]
      : [];
  }
  return declared.content === null || answer.truncated
    ? []
    : wrongContent(root, declared.content, answer);
}

function wrongContent(
  root: FuzzDocument["root"],
  content: NonNullable<DeclaredResponse["content"]>,
  { status, headers, body }: Exchange,
): readonly Symptom[] {
  if (body === "" && status >= 300) return [];
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const found = [...content].find(([declared]) => fitsType(declared, type));
  if (found === undefined) {
    if (status >= 400) return [];
    const shown = normalise(type).slice(0, 60) || "no type";
    return [
      {
        rule: "undeclared-type",
        signature: `${status} ${shown}`,
        says: `it answers ${status} as ${shown}`,
        everywhere: false,
      },
    ];
  }
  if (found[1] === null || !/[/+]json$/.test(type)) return [];
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return [
      {
        rule: "schema-violation",
        signature: `${status} no JSON`,
        says: `its answer ${status} says that it is JSON, and is not`,
        everywhere: false,
      },
    ];
  }
  const wrong = violation(root, found[1], value);
  if (wrong === null) return [];
  const signature = `${status} ${wrong.replaceAll(/\[\d+\]/g, "[]")}`.slice(0, 300);
  return [
    {
      rule: "schema-violation",
      signature,
      says: `its answer ${status} is not what its schema says: ${wrong.slice(0, 200)}`,
      everywhere: false,
    },
  ];
}

function fitsType(declared: string, type: string): boolean {
  const wanted = declared.split(";")[0]?.trim().toLowerCase() ?? "";
  if (wanted === "*/*" || wanted === type) return true;
  return wanted.endsWith("/*") && type.startsWith(wanted.slice(0, -1));
}

/** What the schema forbids and was taken all the same; only of bodies of JSON can it be said for certain. */
function accepted(
  { root }: FuzzDocument,
  { body }: FuzzOperation,
  request: RawRequest,
  { status }: Exchange,
): readonly Symptom[] {
  const media = body?.media.find(({ type }) => /[/+]json\b/i.test(type));
  if (media === undefined || status >= 300 || request.body === undefined) return [];
  if (!/[/+]json\b/i.test(request.headers["content-type"] ?? "")) return [];
  let value: unknown;
  try {
    value = JSON.parse(request.body);
  } catch {
    return [];
  }
  const wrong = violation(root, media.schema, value, true);
  if (wrong === null) return [];
  // One for each field: how it is wrong matters less than that nobody looked.
  const field = wrong.split(":")[0]?.replaceAll(/\[\d+\]/g, "[]") ?? "";
  const signature = `${field}`.slice(0, 200);
  return [
    {
      rule: "accepts-invalid",
      signature,
      says: `it answers ${status} to a body that its schema forbids (${wrong.slice(0, 150)})`,
      everywhere: false,
    },
  ];
}
