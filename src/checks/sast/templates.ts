/**
 * Outputs without escaping in templates, by their marks: EJS `<%- %>`, Handlebars and Mustache `{{{ }}}`, Pug
 * `!=` and `!{}`, Nunjucks, Swig, Jinja and Liquid `| safe`, Vue `v-html`, Svelte `{@html}`.
 */
const marks: readonly (readonly [RegExp, RegExp])[] = [
  [
    /\.(?:ejs|eta)$/i,
    /<%-(?!\s*(?:include|partial|await include|body|contentFor|block|layout|JSON\.stringify)\b)\s*([^%]{1,200})%>/g,
  ],
  [/\.(?:hbs|handlebars|mustache)$/i, /\{\{\{\s*(?!body\b|>)([^}]{1,200})\}\}\}/g],
  [/\.(?:pug|jade)$/i, /(?:^\s*[\w.#-]*!=|!\{)\s*([^\n}]{1,200})/gm],
  [
    /\.(?:html?|njk|nunjucks|swig|twig|j2|liquid)$/i,
    /\{\{[^}]{1,200}\|\s*(?:safe|raw)\b[^}]{0,50}\}\}/g,
  ],
  [/\.vue$/i, /\bv-html\s*=\s*["'][^"']{1,200}["']/g],
  [/\.svelte$/i, /\{@html\s[^}]{1,200}\}/g],
];

export function isTemplate(path: string): boolean {
  return marks.some(([names]) => names.test(path));
}

/** Offsets of the outputs that are written as they are. */
export function unescapedOutputs(path: string, text: string): readonly number[] {
  const found: number[] = [];
  for (const [names, expression] of marks) {
    if (!names.test(path)) continue;
    for (const match of text.matchAll(expression)) {
      found.push(match.index);
      if (found.length >= 200) return found;
    }
  }
  return found;
}
