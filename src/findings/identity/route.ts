const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const placeholder = /^(?:\{[^{}]*\}|:[A-Za-z_]\w*|<[^<>]*>|\[[^[\]]*\])$/;

/**
 * A route as a template: `/orders/123?x=1` and `/orders/{orderId}` are both `/orders/{id}`. What stands for a value
 * of one run is taken out: numbers, UUIDs, hashes, tokens, addresses of mail, hashes in the names of built files.
 * Query, fragment, session ids in the path, and the host are no part of it.
 */
export function routeTemplate(route: string): string {
  let path = route.trim().replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
  path = path.replace(/[?#].*$/s, "");
  const segments = path
    .split("/")
    .filter((segment) => segment !== "")
    .map(segmentOf);
  return `/${segments.join("/")}`;
}

function segmentOf(raw: string): string {
  const segment = decoded(raw).replace(/;[^/]*$/, "");
  return isValue(segment) ? "{id}" : withoutHash(segment);
}

function isValue(segment: string): boolean {
  if (segment.length > 512) return true;
  if (placeholder.test(segment) || /^[+-]?\d[\d.,]*$/.test(segment)) return true;
  if (uuid.test(segment) || /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(segment)) return true;
  // Hashes and object ids; a word such as `deadbeef` or `facade` has no digit or is short.
  if (/^(?:0x)?[0-9a-f]{12,}$/i.test(segment) && /\d/.test(segment)) return true;
  // ULID, and prefixed ids such as `ord_01H8X…`.
  if (/^[0-9A-HJKMNP-TV-Z]{26}$/.test(segment)) return true;
  if (/^[a-z]{1,12}_(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{8,}$/.test(segment)) return true;
  // JWTs and other tokens: long, and of all three sorts of characters.
  return (
    segment.length >= 24 &&
    /^[A-Za-z0-9_.~+=-]+$/.test(segment) &&
    /\d/.test(segment) &&
    /[A-Z]/.test(segment) &&
    /[a-z]/.test(segment)
  );
}

/** `index-BxG9a2Lq.js` of one build is `index-Cf81kPzz.js` of the next. */
function withoutHash(segment: string): string {
  return segment.replace(
    /([.-])(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{8,64}((?:\.[a-z0-9]{1,8}){1,3})$/,
    "$1{hash}$2",
  );
}

function decoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
