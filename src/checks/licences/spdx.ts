/** An SPDX licence expression (SPDX 2.3, annex D): `(MIT OR Apache-2.0) AND GPL-2.0-only WITH Classpath-exception-2.0`. */
export type Expression =
  | { readonly kind: "licence"; readonly id: string }
  | { readonly kind: "and" | "or"; readonly parts: readonly Expression[] };

const maxDepth = 20;

/** Null for what is no expression: a file name, a sentence, nothing. */
export function parseExpression(text: string): Expression | null {
  if (text.length > 1_000) return null;
  const tokens = text.match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const word = () => tokens[at]?.toUpperCase();
  const single = (depth: number): Expression | null => {
    if (depth > maxDepth) return null;
    if (tokens[at] === "(") {
      at += 1;
      const inner = any(depth + 1);
      if (tokens[at] !== ")") return null;
      at += 1;
      return inner;
    }
    const token = tokens[at];
    if (token === undefined || !/^[A-Za-z0-9.+:-]+$/.test(token) || isWord(token)) return null;
    at += 1;
    let id = token;
    if (word() === "WITH") {
      const exception = tokens[at + 1];
      if (exception === undefined || isWord(exception)) return null;
      at += 2;
      id = `${id} WITH ${exception}`;
    }
    return { kind: "licence", id: canonical(id) };
  };
  const chain =
    (kind: "and" | "or", next: (depth: number) => Expression | null) => (depth: number) => {
      const parts: Expression[] = [];
      for (;;) {
        const part = next(depth);
        if (part === null) return null;
        parts.push(part);
        if (word() !== kind.toUpperCase()) break;
        at += 1;
      }
      return parts.length === 1 ? (parts[0] ?? null) : { kind, parts };
    };
  // AND binds closer than OR (annex D.4).
  const all = chain("and", single);
  const any = chain("or", all);
  const parsed = any(0);
  return at === tokens.length && tokens.length > 0 ? parsed : null;
}

function isWord(token: string): boolean {
  return /^(?:AND|OR|WITH)$/i.test(token);
}

/** The old names `GPL-2.0` and `GPL-2.0+` are today's `-only` and `-or-later`. */
function canonical(id: string): string {
  return id.replace(
    /^((?:A|L)?GPL-\d\.\d|GFDL-\d\.\d)(\+)?(?= |$)/i,
    (_all, name: string, plus?: string) => `${name}${plus === undefined ? "-only" : "-or-later"}`,
  );
}

/** Whether a list names a licence: exactly, without case, or by its beginning (`GPL-*`). */
export function names(list: readonly string[], id: string): boolean {
  const [bare = ""] = id.split(" WITH ");
  return list.some((entry) => {
    const wanted = canonical(entry).toLowerCase();
    if (wanted.endsWith("*")) return bare.toLowerCase().startsWith(wanted.slice(0, -1));
    return wanted === id.toLowerCase() || wanted === bare.toLowerCase();
  });
}

/** One way of using it has only licences that the list names. */
export function isAllowed(of: Expression, list: readonly string[]): boolean {
  if (of.kind === "licence") return names(list, of.id);
  return of.kind === "and"
    ? of.parts.every((part) => isAllowed(part, list))
    : of.parts.some((part) => isAllowed(part, list));
}

/** Every way of using it has a licence that the list names. */
export function isDenied(of: Expression, list: readonly string[]): boolean {
  if (of.kind === "licence") return names(list, of.id);
  return of.kind === "and"
    ? of.parts.some((part) => isDenied(part, list))
    : of.parts.every((part) => isDenied(part, list));
}
