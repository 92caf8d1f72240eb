/** A program that waits for somebody to say in a browser that it is theirs. */
export interface WaitingLogin {
  readonly id: string;
  readonly network: string;
  /** Milliseconds. */
  readonly since: number;
  /** Of this machine, or of a network from which somebody has signed in lately. */
  readonly known: boolean;
  /** Somebody has said yes, and the program comes for its session in a moment. */
  readonly answered: boolean;
}

/** That wait at once: of one network, and in all. */
export const mostWaiting = { ofNetwork: 20, all: 1_000 } as const;

/**
 * Which of those that wait makes room for one more, so that nobody who fills all places keeps others out: the oldest of
 * its own network where that has too many, else the oldest of the busiest network that nobody signs in from. Those of
 * networks that people sign in from make room for each other alone.
 */
export function roomFor(
  { network, known }: Pick<WaitingLogin, "network" | "known">,
  waiting: readonly WaitingLogin[],
  most: { readonly ofNetwork: number; readonly all: number } = mostWaiting,
): { readonly kind: "free" | "none" } | { readonly kind: "ends"; readonly id: string } {
  const own = waiting.filter((one) => one.network === network);
  if (own.length >= most.ofNetwork) return oldestOf(own);
  if (waiting.length < most.all) return { kind: "free" };
  const strangers = waiting.filter((one) => !one.known);
  const candidates = strangers.length > 0 || !known ? strangers : waiting;
  const networks = [...Map.groupBy(candidates, (one) => one.network).values()];
  const busiest = networks.sort((a, b) => b.length - a.length || sinceOf(a) - sinceOf(b))[0] ?? [];
  return oldestOf(busiest);
}

function oldestOf(some: readonly WaitingLogin[]) {
  const open = some.filter(({ answered }) => !answered).sort((a, b) => a.since - b.since);
  const [oldest] = open;
  return oldest ? ({ kind: "ends", id: oldest.id } as const) : ({ kind: "none" } as const);
}

function sinceOf(some: readonly WaitingLogin[]): number {
  return Math.min(...some.map(({ since }) => since));
}
