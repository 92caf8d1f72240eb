import type { ReviewerStory, ReviewStory } from "./story.ts";

/**
 * A review as an auditor reads it: the same text for the same pack, and the verifier makes it anew and compares, so that
 * nobody can put another one in.
 */
export function reviewText(story: ReviewStory): string {
  const { lines } = story;
  const count = (is: (line: ReviewStory["lines"][number]) => boolean) => lines.filter(is).length;
  const kept = count(({ word }) => word?.answer === "keep");
  const gone = count(({ word }) => word?.answer === "remove" && word.gone !== null);
  const stays = count(({ word }) => word?.answer === "remove" && word.gone === null);
  const open = count(({ word }) => word === null);
  const text = [
    `Access review ${story.id}, of ${story.service ?? "every service"}`,
    `began ${atText(story.began)}, was to be done by ${story.due}`,
    story.done === null ? "NOT DONE" : `done ${atText(story.done)}`,
    `governance ${story.governance}${story.governance === "solo" ? ": one person may be all of them, and nothing is claimed" : ""}`,
    `report ${story.report}`,
    `${lines.length} lines: ${kept} kept, ${gone} taken away, ${stays} not taken away, ${open} open`,
    "",
    "Numbers are entries of the log. People stand here by pseudonym.",
    "",
    "Lines",
    "-----",
    ...lines.flatMap(lineText),
    "",
    "Reviewers",
    "---------",
    ...story.reviewers.flatMap(reviewerText),
  ];
  return `${text.join("\n")}\n`;
}

function lineText({ line, given, word, again }: ReviewStory["lines"][number]): readonly string[] {
  const { id, person, token, has, service, environment, until, lastUsed, unused } = line;
  const where = `${service ?? "every service"}, ${environment ?? "every environment"}`;
  const used = lastUsed === null ? "not known to be used" : `used last ${lastUsed}`;
  return [
    `${id}: ${person ?? `machine ${token ?? "?"}`} has ${plain(has)} in ${where}`,
    `    given ${given === null ? "by an entry that was erased" : atText(given)}${until === null ? "" : `, until ${until}`}; ${used}${unused.length === 0 ? "" : `; unused: ${unused.join(", ")}`}`,
    ...(word === null
      ? ["    OPEN: nobody has signed anything of it"]
      : [
          `    ${answerText(word)} by ${word.by}, ${word.at} (${word.entry}): ${plain(word.reason)}`,
          ...(word.answer === "keep" && given?.by === word.by
            ? ["    kept by whoever gave it"]
            : []),
        ]),
    ...(again.length === 0 ? [] : [`    GIVEN AGAIN: ${again.join(", ")}`]),
  ];
}

function answerText({ answer, gone }: NonNullable<ReviewStory["lines"][number]["word"]>): string {
  if (answer === "keep") return "kept";
  return gone === null ? "to go, and NOT TAKEN AWAY," : `TAKEN AWAY (${gone.entry})`;
}

function reviewerText({ person, words, may, acts }: ReviewerStory): readonly string[] {
  return [
    `${person}: signed ${words.join(", ")}`,
    ...may.map(
      ({ service, environment }) =>
        `    may review ${service ?? "every service"}, ${environment ?? "every environment"}`,
    ),
    ...acts.map(({ what, entry, by, proven, vouched }) => {
      const from = by.length === 0 ? (proven ? "themselves" : "nobody knows whom") : by.join(", ");
      const word = vouched.length === 0 ? "" : `; vouched for by ${vouched.join(", ")}`;
      return `    ${plain(what)} (${entry}) from ${from}${proven || by.length === 0 ? "" : ", which is not proven"}${word}`;
    }),
  ];
}

function atText({ entry, at, by }: ReviewStory["began"]): string {
  return `${at} by ${by} (${entry})`;
}

/** Words from outside cannot look like a line of the report. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}
