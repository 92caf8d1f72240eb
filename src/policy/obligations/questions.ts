import type { SurfaceChange } from "../../model/requirements.ts";

/** What people ask themselves about something that is new to the attack surface, by what its line begins with. */
const about: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /^process .*takes users' requests/,
    [
      "Who may call it, and how does it know them (spoofing, elevation of privilege)?",
      "What does it answer to a stranger (information disclosure)?",
      "What does one caller cost the others (denial of service)?",
    ],
  ],
  [/^process /, ["What makes it do something, and who can (tampering)?"]],
  [/^reads /, ["Is it a secret? Who can read or change it, and who would notice (information disclosure, tampering)?"]], // prettier-ignore
  [/^is served at .*without TLS/, ["Who can listen or change something on the way (information disclosure, tampering)?"]], // prettier-ignore
  [/^believes the proxy /, ["Who else can reach it with a forged header (spoofing)?"]],
];
const always = "Does an existing threat become worse, and does what meets it still hold?";

/** The short questionnaire for a surface that is not as it was reviewed: each line with its questions. */
export function questionsFor({ added, removed }: SurfaceChange): readonly {
  readonly line: string;
  readonly questions: readonly string[];
}[] {
  return [
    ...added.map((line) => ({
      line: `+ ${line}`,
      questions: [...(about.find(([sign]) => sign.test(line))?.[1] ?? []), always],
    })),
    ...removed.map((line) => ({
      line: `- ${line}`,
      questions: ["Which threats go with it, and does anything still rely on it?"],
    })),
  ];
}
