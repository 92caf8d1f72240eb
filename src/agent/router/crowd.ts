/** Knows its place in the crowd that it belongs to. */
export interface Member {
  place: number;
}

/**
 * A set of things that come and go many thousand times a second. A JavaScript `Set` would do the same, but
 * its tables, replaced every few dozen removals, point from each to the next: once one of them has grown old,
 * everything that the younger ones ever held lives on until the next full garbage collection.
 */
export class Crowd<T extends Member> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: T): void {
    member.place = this.#members.length;
    this.#members.push(member);
  }

  has(member: T): boolean {
    return this.#members[member.place] === member;
  }

  /** Removing what is not there does nothing. */
  remove(member: T): void {
    if (!this.has(member)) return;
    const last = this.#members.pop();
    if (last === undefined || last === member) return;
    this.#members[member.place] = last;
    last.place = member.place;
  }

  /** Visits each; the visited one may be removed meanwhile. */
  each(visit: (member: T) => void): void {
    for (let i = this.#members.length - 1; i >= 0; i--) {
      const member = this.#members[i];
      if (member !== undefined) visit(member);
    }
  }
}
