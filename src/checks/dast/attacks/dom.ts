import { readElements } from "../../probing/html.ts";
import type { SiteAttack } from "./attack.ts";

/** What a page's address holds that somebody else may have written. */
const source =
  "(?:document\\.|window\\.)?(?:location\\.(?:hash|search|href)|document\\.(?:URL|documentURI|referrer)|window\\.name)";
/** A sink that takes markup or script, with such a source in what it is given directly. */
const direct = new RegExp(
  `(?:document\\.write(?:ln)?\\(|\\.(?:inner|outer)HTML\\s{0,3}=|\\.insertAdjacentHTML\\(|\\beval\\()[^\\n]{0,300}?${source}`,
);
const cleaned = /encodeURIComponent|DOMPurify|sanitize|escape(?:Html|HTML)\(|textContent/;

/**
 * Scripts that write what the page's address says into the page. Read, not run: the two evidences are the
 * statement itself, and that it comes again for a stranger who asks once more.
 */
export const domXss: SiteAttack = {
  id: "xss-dom",
  run: async (lab) => {
    const known = new Set<string>();
    const pages = lab.surface.operations.filter(
      (one) => one.method === "GET" && !lab.prober.avoids(one),
    );
    for (const operation of pages.slice(0, 200)) {
      const seen = await lab.ask(operation, [], lab.identities.at(0) ?? null);
      if (seen === null) continue;
      lab.assertions += 1;
      const statement = statementIn(
        seen.answer.body,
        /script/i.test(seen.answer.headers["content-type"] ?? ""),
      );
      if (statement === null || known.has(statement)) continue;
      known.add(statement);
      const again = await lab.ask(operation, [], lab.identities.at(0) ?? null);
      if (again === null || !again.answer.body.includes(statement)) continue;
      lab.report(
        { operation, actor: null },
        {
          rule: "xss-dom",
          technique: "read",
          evidence: [
            `its script writes the page's address into the page: ${statement.slice(0, 160)}`,
            "the same statement again when asked again",
          ],
          replay: seen.request,
        },
      );
    }
  },
};

function statementIn(body: string, isScript: boolean): string | null {
  const scripts = isScript
    ? [body]
    : readElements(body)
        .filter(({ name, text }) => name === "script" && text !== "")
        .map(({ text }) => text);
  for (const script of scripts) {
    const found = direct.exec(script.slice(0, 300_000))?.[0];
    if (found !== undefined && !cleaned.test(found)) return found;
  }
  return null;
}
