import { parse } from "yaml";
import { apart } from "./apart.ts";

/** Shorter texts are read in a moment, whatever is in them. Characters. */
const shortText = 8 * 1024;

export interface YamlQuestion {
  readonly text: string;
  /** Mistakes are passed over, the same key twice in one place too: to find that takes time that grows with the square. */
  readonly loosely: boolean;
}

export type YamlAnswer = { readonly value: unknown } | { readonly wrong: string };

/**
 * Reads YAML that a service or a release wrote. The reader takes a minute for some texts of a few hundred kilobytes:
 * whatever is not short is read in a thread of its own, which is ended when it takes too long.
 *
 * @throws Error when it is no YAML, or takes too long
 */
export async function readYaml(text: string, loosely = false): Promise<unknown> {
  const question: YamlQuestion = { text, loosely };
  const answer =
    text.length < shortText
      ? yamlIn(question)
      : await apart<YamlAnswer>(new URL("./yaml-thread", import.meta.url), question);
  if ("wrong" in answer) throw new Error(answer.wrong);
  return answer.value;
}

/** The work itself. Aliases that grow without end are refused. */
export function yamlIn({ text, loosely }: YamlQuestion): YamlAnswer {
  try {
    const logLevel = loosely ? "silent" : "error";
    return { value: parse(text, { maxAliasCount: 100, logLevel, uniqueKeys: !loosely }) };
  } catch (error) {
    return { wrong: String(error) };
  }
}
