import type { Held, PersonStory } from "../../audit/people/story.ts";
import { when } from "../output/words.ts";

/** Whose words count in a pack, line by line; numbers are entries of the log. */
export function peopleLines(people: readonly PersonStory[]): readonly string[] {
  return people.flatMap(({ person, also, words, keys, acts }) => [
    `${person}${also.length === 0 ? "" : `, also ${also.join(", ")}`}`,
    ...words.flatMap(({ what, entry, at, held, absent }) => [
      `    ${when(at)} ${what} (${entry}), ${absent ?? "was here"}, had ${held.map(heldText).join(", ") || "nothing"}`,
    ]),
    ...keys.map(
      ({ key, kind, entry, removed }) =>
        `    ${kind} ${key.slice(0, 19)} (${entry})${removed === null ? "" : `, removed (${removed})`}`,
    ),
    ...acts.map(({ what, entry, by, proven, vouched }) => {
      const unknown = proven ? "themselves" : "nobody knows whom";
      const from = by.length === 0 ? unknown : by.join(", ");
      const word = vouched.length === 0 ? "" : `; vouched for by ${vouched.join(", ")}`;
      return `    got ${what} (${entry}) from ${from}${word}`;
    }),
  ]);
}

function heldText({ what, service, environment, entry }: Held): string {
  const where =
    service === null && environment === null
      ? ""
      : ` in ${service ?? "every service"}, ${environment ?? "every environment"}`;
  return `${what}${where} (${entry})`;
}
