import { z } from "zod";
import { type Format, isRecord, valuesOf } from "../format.ts";

const Message = z.object({
  ruleId: z.string().nullable(),
  severity: z.number().optional(),
  message: z.string(),
  line: z.number().optional(),
  fatal: z.boolean().optional(),
});

const Frame = z.tuple([]);

const File = z.object({
  filePath: z.string(),
  messages: z.array(Message),
  suppressedMessages: z.array(Message).default([]),
});

/** `eslint --format json`. A file that does not parse (`fatal`) was not looked at. */
export const eslint: Format = {
  id: "eslint",
  title: "ESLint (JSON)",
  syntax: "json",
  items: [{ path: ["*"] }],
  recognise(sample) {
    const [first] = valuesOf(sample) ?? [];
    return isRecord(first) && "filePath" in first && "messages" in first;
  },
  open(frame) {
    Frame.parse(frame);
    let files = 0;
    let fatal: string | undefined;
    return {
      item(value) {
        const { filePath, messages, suppressedMessages } = File.parse(value);
        files += 1;
        if (messages.some((one) => one.fatal === true)) fatal ??= filePath;
        return [
          ...messages.map((message) => ({ message, suppressed: false })),
          ...suppressedMessages.map((message) => ({ message, suppressed: true })),
        ]
          .filter(({ message }) => message.ruleId !== null)
          .map(({ message, suppressed }) => ({
            rule: message.ruleId ?? "",
            severity: levels[message.severity ?? -1] ?? null,
            message: message.message,
            place: { kind: "file", path: filePath, line: message.line },
            suppressed,
          }));
      },
      end: () => ({
        exercised: { files },
        complete: fatal === undefined,
        ...(fatal === undefined ? {} : { missing: `${fatal} could not be parsed` }),
      }),
    };
  },
};

/** `warn` and `error`; a rule that is `off` reports nothing. */
const levels = [null, "medium", "high"] as const;
