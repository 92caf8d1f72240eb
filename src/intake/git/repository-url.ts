/**
 * A remote's address as it may stand in a record: without user, password, query and fragment. Undefined
 * for what is no address (a local path) or cannot be cleaned with certainty.
 */
export function publicRepositoryUrl(remote: string): string | undefined {
  const text = remote.trim();
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return fromUrl(text);
  // The scp-like form `user@host:path`; the user is dropped, as it may be a token.
  const scp = /^(?:[^@/\s]+@)?([a-z0-9.-]+|\[[0-9a-f:]+\]):([^\s@]+)$/i.exec(text);
  const [, host, path] = scp ?? [];
  return host !== undefined && path !== undefined && host.length > 1
    ? `${host}:${path}`
    : undefined;
}

function fromUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!["http:", "https:", "ssh:", "git:"].includes(url.protocol) || url.host === "")
    return undefined;
  return `${url.protocol}//${url.host}${url.pathname}`;
}
