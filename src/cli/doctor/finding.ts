import { asTidelockError } from "../../model/errors.ts";

/** What one look at this machine says; `remedy` is what to do about it. */
export interface Finding {
  readonly name: string;
  readonly state: "ok" | "warn" | "fail";
  readonly message: string;
  readonly remedy: string | null;
}

export interface Facts {
  readonly dataDir: string;
  readonly environment: NodeJS.ProcessEnv;
}

export type Look = (facts: Facts) => Promise<Omit<Finding, "name">>;

export const ok = (message: string): Omit<Finding, "name"> => ({
  state: "ok",
  message,
  remedy: null,
});
export const warn = (message: string, remedy: string): Omit<Finding, "name"> => ({
  state: "warn",
  message,
  remedy,
});
export const fail = (message: string, remedy: string): Omit<Finding, "name"> => ({
  state: "fail",
  message,
  remedy,
});

/** A look that throws is a failed one: nothing that was not seen counts as fine. */
export async function findingOf(name: string, look: Look, facts: Facts): Promise<Finding> {
  try {
    return { name, ...(await look(facts)) };
  } catch (error) {
    const { message, hint, where } = asTidelockError(error);
    const at = where === undefined ? "" : ` (${where})`;
    return { name, ...fail(`${message}${at}`, hint ?? "see the message") };
  }
}
