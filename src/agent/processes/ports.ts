import { freePort, isFree } from "../os/sockets.ts";

/** Who was promised which loopback port, from the moment it is chosen until its owner gives it back. */
export class PortBook {
  readonly #owners = new Map<number, string>();

  /** Notes a port that a running process has. */
  note(owner: string, port: number): void {
    this.#owners.set(port, owner);
  }

  /** The owner's earlier port when nobody has taken it, else a new one. */
  async reserve(owner: string, before: number | null): Promise<number> {
    if (before !== null && this.#mayUse(owner, before)) {
      this.#owners.set(before, owner);
      if (await isFree(before)) return before;
      this.#owners.delete(before);
    }
    for (;;) {
      const port = await freePort(new Set(this.#owners.keys()));
      if (!this.#mayUse(owner, port)) continue;
      this.#owners.set(port, owner);
      return port;
    }
  }

  release(owner: string): void {
    for (const [port, who] of this.#owners) if (who === owner) this.#owners.delete(port);
  }

  #mayUse(owner: string, port: number): boolean {
    const who = this.#owners.get(port);
    return who === undefined || who === owner;
  }
}
