/**
 * Whether a text goes out as a path of the tested service: absolute, on its own line, and no address of
 * somebody else (`//host`, `/\host` are read as such by some).
 */
export function isSafePath(path: string): boolean {
  return /^\/(?![/\\])[\x21-\x7e]{0,8191}$/.test(path);
}

/** The same for a path out of an answer: null where it leads to another host. */
export function pathWithin(origin: string, from: string, to: string): string | null {
  let target: URL;
  try {
    target = new URL(to, new URL(from, origin));
  } catch {
    return null;
  }
  return target.origin === new URL(origin).origin ? target.pathname + target.search : null;
}
