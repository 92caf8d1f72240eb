import type { Exchange } from "../exchange.ts";
import { isPage } from "../header-rules.ts";

/** What a link may do although it is only followed: careless services sign out or delete by GET. */
const careful =
  /(log|sign)[-_]?(out|off)|delete|remove|destroy|drop|reset|unsubscribe|cancel|revoke|disable|purge|flush|shutdown|restart/i;

const maxLinks = 500;
/** What links and forms are looked for in: a hostile page costs no more than this. */
const maxText = 256 * 1024;

/** Paths on the same site that a page links to, in its order; none that looks as if it did something. */
export function linksOf(answer: Exchange, origin: string, from: string): readonly string[] {
  if (!isPage(answer) || answer.status !== 200) return [];
  const found = new Set<string>();
  // One open-ended repetition a group, none sharing characters with its neighbour: bodies are hostile.
  for (const [, attributes = ""] of answer.body
    .slice(0, maxText)
    .matchAll(/<a\s([^>]{0,1200})>/gi)) {
    const href =
      /(?:^|\s)href\s{0,5}=\s{0,5}(?:"([^"]{1,1000})"|'([^']{1,1000})'|([^\s"'>]{1,1000}))/i.exec(
        attributes,
      );
    const text = (href?.[1] ?? href?.[2] ?? href?.[3])?.replaceAll("&amp;", "&");
    if (text === undefined || !URL.canParse(text, `${origin}${from}`)) continue;
    const url = new URL(text, `${origin}${from}`);
    const path = `${url.pathname}${url.search}`;
    if (url.origin !== origin || careful.test(path) || path.length > 1_000) continue;
    found.add(path);
    if (found.size >= maxLinks) break;
  }
  return [...found];
}

/** A page that lets nobody past: what it looks like says nothing about what lies behind. */
export function isSignInPage(answer: Exchange): boolean {
  if (!isPage(answer)) return false;
  return /<input\s[^>]{0,500}type\s{0,5}=\s{0,5}["']?password/i.test(answer.body.slice(0, maxText));
}
