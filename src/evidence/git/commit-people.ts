import { plainText } from "../../model/plain-text.ts";
import type { Person } from "../../model/release.ts";

/** People as a commit names them: bounded and without control characters, as they are shown, signed and kept. */

const limits = { name: 200, email: 320 };

export function commitPerson(name: string, email: string): Person {
  return { name: plainText(name, limits.name), email: plainText(email, limits.email) };
}

/** People from `Co-authored-by:` lines anywhere in a message: one too many only makes the duties stricter. */
export function coAuthors(message: string): Person[] {
  const found = new Map<string, Person>();
  for (const line of message.split(/\r\n|\r|\n/)) {
    const [, text] = /^\s*co-authored-by\s*:\s*(.+)$/i.exec(line) ?? [];
    if (text === undefined) continue;
    const [, name = text, email = ""] = /^(.*?)\s*<([^<>]*)>\s*$/.exec(text) ?? [];
    const person = commitPerson(name, email);
    found.set(JSON.stringify(person), person);
  }
  return [...found.values()];
}

/** A message can be megabytes; the people named in the rest are at its end, so both ends are read. */
export function boundedMessage(message: string): string {
  return message.length <= maxMessage
    ? message
    : `${message.slice(0, maxMessage / 2)}\n${message.slice(-maxMessage / 2)}`;
}

const maxMessage = 64 * 1024;
