/** ESLint's own rules about security; nothing about style. Raised when they find more or less. */
export const rulesVersion = "1";

const rules = [
  "no-eval",
  "no-implied-eval",
  "no-new-func",
  "no-script-url",
  "no-prototype-builtins",
  "no-extend-native",
  "no-global-assign",
  "no-caller",
  "no-control-regex",
  "no-misleading-character-class",
  "no-unsafe-finally",
] as const;

/** Rules that a release need not be refused for. */
const mild = new Set<string>(["no-prototype-builtins", "no-control-regex", "no-unsafe-finally"]);

/** Names without which ESLint does not know that a call is the browser's or Node's own. */
const known = [
  "setTimeout",
  "setInterval",
  "setImmediate",
  "window",
  "global",
  "globalThis",
  "self",
];

/** The configuration file that ESLint is given in place of any in the tree. */
export function configurationFile(sourceType: "module" | "commonjs" | "script"): string {
  const settings = {
    files: ["**/*.js", "**/*.jsx", "**/*.mjs", "**/*.cjs"],
    languageOptions: {
      ecmaVersion: "latest",
      globals: Object.fromEntries(known.map((name) => [name, "readonly"])),
      parserOptions: { ecmaFeatures: { jsx: true } },
    },
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: "off" },
    rules: Object.fromEntries(rules.map((rule) => [rule, mild.has(rule) ? "warn" : "error"])),
  };
  const plain = { files: ["**/*.js", "**/*.jsx"], languageOptions: { sourceType } };
  return `export default ${JSON.stringify([settings, plain])};\n`;
}

/** Without the files' own text, which would make the report as long as the program. */
export const formatter = `export default (results) =>
  JSON.stringify(
    results.map(({ filePath, messages, suppressedMessages }) => ({
      filePath,
      messages: messages.map(({ fix, suggestions, ...message }) => message),
      suppressedMessages,
    })),
  );
`;
