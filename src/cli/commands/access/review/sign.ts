import { readFileSync } from "node:fs";
import type { ReviewView } from "../../../../api/routes/reviews.ts";
import {
  accessReviewStatement,
  accessReviewText,
  reportDigest,
} from "../../../../evidence/predicates/access-review.ts";
import { ReviewDecision, type ToReview } from "../../../../model/access-review.ts";
import { TidelockError } from "../../../../model/errors.ts";
import { reviewCard } from "../../../access/review-cards.ts";
import { readCsv } from "../../../csv.ts";
import { defineCommand } from "../../../define-command.ts";
import { exit } from "../../../exit-codes.ts";
import {
  argument,
  connectionOptions,
  flag,
  outputOption,
  required,
  text,
  texts,
} from "../../../options.ts";
import { printOne } from "../../../output/print.ts";
import { signShown } from "../../../sign-shown.ts";

export const command = defineCommand({
  arguments: { review: argument("review", "its id, see `tidelock access review list`") },
  options: {
    keep: texts("--keep <line>", "this line stays; may be given again"),
    remove: texts("--remove <line>", "this line goes, at once; may be given again"),
    reason: text("--reason <text>", "why, for each of those"),
    from: text(
      "--from <file>",
      "what `access review show --csv` printed, with answer and reason filled in",
    ),
    key: required(text("--key <file>", "your private key in PEM: Ed25519, ECDSA P-256 or P-384")),
    yes: flag("--yes", "sign without asking once more"),
    ...connectionOptions,
    ...outputOption,
  },
  details:
    "Shows in words what is signed, computes the report's digest on this machine, and signs your word on these lines: the key goes nowhere. You have the right access.review, or a role that holds it, wherever a line counts; nobody certifies themselves. What is removed is gone at once, or said not to be, with the reason.",
  examples: [
    'tidelock access review sign v1f0c9a2b7d --remove role:r1f0c9a2b7d --reason "left the team" --key jo.pem',
    "tidelock access review sign v1f0c9a2b7d --from review.csv --key jo.pem",
  ],
  async run(context, { args, options }) {
    const client = context.connect(options);
    const params = { id: args.review };
    const view = await client.call("reviewShow", { params });
    const lines = view.lines.map(({ line }) => line);
    if (reportDigest(lines) !== view.report) {
      throw new TidelockError(
        "digest-mismatch",
        "the report that the server sent is not what it says",
        {
          fault: "operator",
          where: view.id,
          hint: "nothing was signed; ask whoever keeps the ledger",
        },
      );
    }
    const of: ToReview = {
      review: view.id,
      ledger: view.ledger,
      report: view.report,
      decisions: decisionsIn(options, view),
    };
    const shown = {
      text: (person: string) => accessReviewText(of, lines, person),
      statement: (person: string) => accessReviewStatement(of, lines, person),
      names: namesIn(view, of.decisions),
    };
    const envelope = await signShown(context, client, shown, options);
    const done = await client.call("reviewSign", { params, body: { envelope } });
    await printOne(context.terminal, context.format(options), reviewCard(done));
    return done.state === "done" ? exit.done : exit.waiting;
  },
});

/** Who loses something is a name to whoever decides it, and no pseudonym. */
function namesIn(view: ReviewView, decisions: ToReview["decisions"]): ReadonlyMap<string, string> {
  const decided = new Set(decisions.map(({ line }) => line));
  return new Map(
    view.lines.flatMap(({ line, name }) =>
      decided.has(line.id) && line.person !== null && name !== null ? [[line.person, name]] : [],
    ),
  );
}

interface Given {
  readonly keep: readonly string[];
  readonly remove: readonly string[];
  readonly reason: string | undefined;
  readonly from: string | undefined;
}

function decisionsIn(given: Given, view: ReviewView): ToReview["decisions"] {
  const raw = [
    ...given.keep.map((line) => ({ line, answer: "keep", reason: given.reason ?? "" })),
    ...given.remove.map((line) => ({ line, answer: "remove", reason: given.reason ?? "" })),
    ...(given.from === undefined ? [] : fromFile(given.from)),
  ];
  const known = new Set(view.lines.map(({ line }) => line.id));
  const decisions = raw.map((one) => {
    const parsed = ReviewDecision.safeParse(one);
    if (parsed.success && known.has(one.line)) return parsed.data;
    const what = known.has(one.line) ? "needs keep or remove, and a reason" : "is no line of it";
    throw wrong(`${one.line} ${what}`, given.from ?? "--reason");
  });
  if (decisions.length > 0) return decisions;
  throw wrong("there is nothing to sign: name lines", "--keep, --remove or --from");
}

/** Rows without an answer are somebody else's. */
function fromFile(path: string) {
  let rows: readonly (readonly string[])[];
  try {
    rows = readCsv(readFileSync(path, "utf8"));
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error), path);
  }
  const [header = [], ...body] = rows;
  const column = (title: string) => {
    const at = header.indexOf(title);
    if (at === -1) throw wrong(`there is no column ${title}`, path);
    return at;
  };
  const [line, answer, reason] = [column("line"), column("answer"), column("reason")];
  return body.flatMap((row) =>
    (row[answer] ?? "") === ""
      ? []
      : [{ line: row[line] ?? "", answer: row[answer] ?? "", reason: row[reason] ?? "" }],
  );
}

function wrong(message: string, where: string): TidelockError {
  return new TidelockError("invalid-input", message, {
    fault: "operator",
    where,
    hint: "tidelock access review show <review> --open --csv > review.csv",
  });
}
