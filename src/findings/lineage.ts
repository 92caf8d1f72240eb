import type { Release } from "../model/release.ts";

/** A release as far as its place among others goes. */
export interface Placed {
  readonly source: Release["source"];
  /** When it came in, milliseconds. */
  readonly order: number;
}

/**
 * Whether another release is newer than this one, so that this one says nothing of what is gone: it came in later, or
 * the commits that it recorded hold this one's revision (an old commit that was built and handed in again is old,
 * whenever that was). Commits never make a release newer than the clock says: they are what whoever handed it in was told.
 */
export function isNewer(other: Placed, than: Placed): boolean {
  if (other.order > than.order) return true;
  const [newer, older] = [other.source, than.source];
  if (newer.kind !== "git" || older.kind !== "git" || newer.revision === older.revision) {
    return false;
  }
  return newer.commits.some(({ revision }) => revision === older.revision);
}
