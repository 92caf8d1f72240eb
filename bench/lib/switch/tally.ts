/** What the traffic of a run came to. Every failure has a name; the first few keep what was seen. */
export class Tally {
  requests = 0;
  failed = 0;
  /** Due, but the client was so late that it left them out: the rate was lower than asked for. */
  notSent = 0;
  /** Told by the router to go away at the drain's ceiling, between two frames: by name, not a failure. */
  websocketsEnded1001 = 0;
  readonly byKind = new Map<string, number>();
  readonly failures = new Map<string, number>();
  readonly examples: string[] = [];
  /** Orders sent, each with whether its answer said that it was executed. */
  readonly orders = new Map<string, boolean>();

  done(kind: string): void {
    this.requests++;
    this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + 1);
  }

  fail(kind: string, what: string): void {
    this.done(kind);
    this.failed++;
    const name = `${kind}: ${what.slice(0, 80)}`;
    this.failures.set(name, (this.failures.get(name) ?? 0) + 1);
    if (this.examples.length < 10) this.examples.push(`${kind}: ${what.slice(0, 300)}`);
  }

  /** Compares what was ordered with what the services say they executed. */
  checkOrders(executed: readonly string[]): void {
    const times = new Map<string, number>();
    for (const id of executed) times.set(id, (times.get(id) ?? 0) + 1);
    for (const [id] of this.orders) {
      const count = times.get(id) ?? 0;
      if (count !== 1) this.fail("order", `executed ${count} times`);
    }
  }
}
