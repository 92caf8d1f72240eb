/** More than a person's account has; a report about more is about "many". */
const most = 32;

/**
 * What a report of many accounts, subscriptions or projects is about, as its items name them: sorted, so that the
 * order of the items does not make another scan of it.
 */
export class Subjects {
  readonly #names = new Set<string>();
  #more = false;

  add(name: string | null | undefined): void {
    if (name === null || name === undefined || name === "" || this.#names.has(name)) return;
    if (this.#names.size >= most) this.#more = true;
    else this.#names.add(name.slice(0, 256));
  }

  /** Nothing where no item named one. Of too many, no list is told: which ones were kept depends on the order. */
  get summary(): { readonly subject?: string } {
    if (this.#names.size === 0) return {};
    return { subject: this.#more ? "many" : [...this.#names].sort().join(", ") };
  }
}
