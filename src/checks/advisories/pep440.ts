/** A Python version (PEP 440) as numbers that compare. */
export interface Pep440 {
  readonly epoch: number;
  readonly release: readonly number[];
  readonly pre: readonly [number, number] | null;
  readonly post: number | null;
  readonly dev: number | null;
}

/** Appendix B of the PEP, without local versions, which the public order leaves out. */
const form =
  /^v?(?:(\d{1,9})!)?(\d{1,15}(?:\.\d{1,15}){0,20})(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d{0,15}))?(?:-(\d{1,15})|[-_.]?(?:post|rev|r)[-_.]?(\d{0,15}))?(?:[-_.]?(dev)[-_.]?(\d{0,15}))?(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+){0,10})?$/i;

export function parsePep440(text: string): Pep440 | null {
  const found = form.exec(text.trim());
  if (found === null) return null;
  const [whole, epoch, release = "", word, number, dash, post, dev, devNumber] = found;
  const letter = word?.toLowerCase();
  const rank =
    letter === undefined ? null : letter.startsWith("a") ? 0 : letter.startsWith("b") ? 1 : 2;
  const isPost =
    dash !== undefined || /(?:post|rev|[-_.\d]r)[-_.]?\d*/i.test(whole.replace(/rc/i, ""));
  return {
    epoch: Number(epoch ?? 0),
    release: release.split(".").map(Number),
    pre: rank === null ? null : [rank, Number(number ?? 0)],
    post: isPost ? Number(dash ?? post ?? 0) : null,
    dev: dev === undefined ? null : Number(devNumber ?? 0),
  };
}

export function comparePep440(a: Pep440, b: Pep440): number {
  const length = Math.max(a.release.length, b.release.length);
  const keys = (one: Pep440): readonly number[] => [
    one.epoch,
    ...Array.from({ length }, (_, index) => one.release[index] ?? 0),
    // A development release of the version itself comes before its pre-releases, a final one after them.
    ...(one.pre ?? (one.post === null && one.dev !== null ? [-1, 0] : [3, 0])),
    one.post ?? -1,
    one.dev ?? Number.MAX_SAFE_INTEGER,
  ];
  const [first, second] = [keys(a), keys(b)];
  for (const [index, value] of first.entries()) {
    const other = second[index] ?? 0;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}
