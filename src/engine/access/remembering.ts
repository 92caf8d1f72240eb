import { accessVersion } from "../../store/queries/tokens.ts";
import type { Db } from "../../store/schema.ts";

/** Credentials of which is remembered whose they are. */
const mostRemembered = 10_000;

/**
 * Looks something up by the digest of a credential. Each time the database is asked whether anything about who may do
 * what was changed by anybody: only while nothing was, what is remembered of an earlier request counts, and no longer
 * than `until` (milliseconds). What is nobody's is not remembered.
 *
 * @returns the value, and the database's time
 */
export function remembering<T>(
  db: Db,
  read: (digest: string) => Promise<{ readonly value: T; readonly until: number } | null>,
): (digest: string) => Promise<{ readonly value: T | null; readonly now: Date }> {
  let of = "";
  const known = new Map<string, { readonly value: T; readonly until: number }>();
  return async (digest) => {
    const { version, now } = await accessVersion(db);
    if (version !== of) {
      known.clear();
      of = version;
    }
    const before = known.get(digest);
    if (before && before.until > now.getTime()) return { value: before.value, now };
    const found = await read(digest);
    if (found === null) {
      known.delete(digest);
      return { value: null, now };
    }
    // Another request may have seen a later version meanwhile: then this answer is older than what it stands under.
    if (version === of) {
      if (known.size >= mostRemembered) known.clear();
      known.set(digest, found);
    }
    return { value: found.value, now };
  };
}
