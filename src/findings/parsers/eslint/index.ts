import { z } from "zod";
import { observe } from "../../observe.ts";
import { parseJson } from "../json.ts";
import type { Parser } from "../parser.ts";

const Message = z.object({
  ruleId: z.string().nullable(),
  severity: z.number(),
  message: z.string(),
  line: z.number().optional(),
  fatal: z.boolean().optional(),
});

const Report = z.array(
  z.object({
    filePath: z.string(),
    messages: z.array(Message),
    suppressedMessages: z.array(Message).default([]),
  }),
);

/** `eslint --format json`. A file that does not parse (`fatal`) was not looked at. */
export const eslint: Parser = {
  format: "eslint",
  parse(text) {
    const files = Report.parse(parseJson(text));
    const fatal = files.find(({ messages }) => messages.some((one) => one.fatal === true));
    return {
      observations: files.flatMap(({ filePath, messages, suppressedMessages }) =>
        [
          ...messages.map((message) => ({ message, suppressed: false })),
          ...suppressedMessages.map((message) => ({ message, suppressed: true })),
        ]
          .filter(({ message }) => message.ruleId !== null)
          .map(({ message, suppressed }) =>
            observe({
              rule: message.ruleId ?? "",
              severity: message.severity >= 2 ? "high" : "medium",
              message: message.message,
              place: { kind: "file", path: filePath, line: message.line },
              suppressed,
            }),
          ),
      ),
      exercised: { files: files.length },
      complete: fatal === undefined,
      ...(fatal === undefined ? {} : { missing: `${fatal.filePath} could not be parsed` }),
    };
  },
};
