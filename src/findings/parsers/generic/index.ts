import type { z } from "zod";
import type { Draft } from "../../observe.ts";
import { type Format, fieldsOf } from "../format.ts";
import { type Evidence, GenericFinding, GenericFrame } from "./schema.ts";

/** Tidelock's own format (docs/findings-formats.md), which `findings export --format json` writes. */
export const generic: Format = {
  id: "generic",
  title: "Tidelock findings (JSON)",
  syntax: "json",
  items: [{ path: ["findings", "*"] }],
  recognise: (sample) => fieldsOf(sample)?.["tidelockFindings"] !== undefined,
  open(frame) {
    const { tool, subject, madeAt, complete, missing, exercised } = GenericFrame.parse(frame);
    return {
      item: (value) => [draftOf(GenericFinding.parse(value))],
      end: () => ({
        tool,
        ...(subject === undefined ? {} : { subject }),
        ...(madeAt === undefined ? {} : { madeAt }),
        ...(exercised === undefined ? {} : { exercised: defined(exercised) }),
        ...(complete === true && missing === undefined
          ? { complete: true }
          : { complete: false, missing: missing ?? "it does not say that it is complete" }),
      }),
    };
  },
};

function draftOf({
  evidence,
  record: _record,
  message,
  references,
  ...rest
}: GenericFinding): Draft {
  const kept = (evidence ?? []).map(lineOf).join("\n");
  const links = (evidence ?? []).flatMap(({ url }) => url ?? []);
  const all = [...(references ?? []), ...links];
  const text = [message ?? "", kept].filter((part) => part !== "").join("\n");
  return {
    ...rest,
    ...(text === "" ? {} : { message: text }),
    ...(all.length === 0 ? {} : { references: [...new Set(all)] }),
    cwe: rest.cwe ?? [],
    aliases: rest.aliases ?? [],
    suppressed: rest.suppressed ?? false,
    unchanged: rest.unchanged ?? false,
    severityStated: rest.severityStated ?? true,
  } as Draft;
}

function lineOf({ title, url, digest }: z.infer<typeof Evidence>): string {
  return `Evidence: ${[title, digest, url].filter(Boolean).join(", ")}`;
}

function defined<T extends object>(value: T): { [Key in keyof T]: NonNullable<T[Key]> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}
