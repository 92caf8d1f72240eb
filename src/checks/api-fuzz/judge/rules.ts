import { sarifRule } from "../../sarif.ts";

/** What the fuzzer looks for. Severities read as CVSS scores do; 7 and more fails with the default thresholds. */
export const rules = {
  crash: sarifRule(
    "crash",
    8.6,
    [248, 400],
    "A request ends the service's process",
    "Whoever can send this request can stop the service for everybody. Catch the error where the request is handled.",
  ),
  "auth-bypass": sarifRule(
    "auth-bypass",
    9.1,
    [306, 862],
    "An operation that is declared as secured answers a stranger",
    "Ask for the credential in front of the operation, or declare that it needs none.",
  ),
  "server-error": sarifRule(
    "server-error",
    7.1,
    [248, 755],
    "A request makes the service fail",
    "Check what comes in before it is used, and answer 4xx with a reason. An error that nobody expected may also have stopped halfway.",
  ),
  "no-answer": sarifRule(
    "no-answer",
    7.5,
    [248, 404],
    "A request is never answered: the connection ends",
    "An error in the handler is lost, or the process ended. Answer every request.",
  ),
  hang: sarifRule(
    "hang",
    7.5,
    [400, 835],
    "A request takes longer than it may",
    "Bound what one request can cost: sizes, depths, loops, patterns, and calls to others.",
  ),
  "memory-growth": sarifRule(
    "memory-growth",
    6.5,
    [401, 770],
    "Requests make the service's memory grow",
    "Something is kept for every request. Bound caches and lists, and release what belongs to a request with it.",
  ),
  "error-leak": sarifRule(
    "error-leak",
    5.3,
    [209],
    "An error shows the program's insides",
    "Answer with a sentence and an id; write the details to the log.",
  ),
  "schema-violation": sarifRule(
    "schema-violation",
    4.3,
    [1286],
    "An answer is not what its schema says",
    "Clients are written after the schema: mend the answer or the schema.",
  ),
  "undeclared-status": sarifRule(
    "undeclared-status",
    4.0,
    [1059],
    "An answer's status is not declared",
    "Declare it, or answer with one that is.",
  ),
  "undeclared-type": sarifRule(
    "undeclared-type",
    4.0,
    [1059],
    "An answer's content type is not declared",
    "Declare it, or answer with one that is.",
  ),
  "refuses-valid": sarifRule(
    "refuses-valid",
    4.0,
    [1059],
    "Nothing that the description allows is accepted",
    "The description leaves out a rule that the service has. Say it in the schema, or drop it.",
  ),
  "deleted-still-there": sarifRule(
    "deleted-still-there",
    5.0,
    [672],
    "What was deleted is still answered",
    "Whoever deleted it believes that it is gone.",
  ),
  "created-not-there": sarifRule(
    "created-not-there",
    4.0,
    [1059],
    "What was created is not found",
    "The answer said that it was made, at an address where it is not.",
  ),
  "accepts-invalid": sarifRule(
    "accepts-invalid",
    2.0,
    [20],
    "A request that the schema forbids is accepted",
    "Check requests against the schema that is published.",
  ),
};

export type RuleId = keyof typeof rules;
