import type { LogEntry } from "./log-entry.ts";

/** The streams `<service>/<environment>` of one environment. */
export function laneStreamsOf(
  entries: readonly LogEntry[],
  environment: string,
): ReadonlySet<string> {
  return new Set(
    entries
      .map(({ leaf }) => leaf.stream)
      .filter((stream) => {
        const [first, second, ...rest] = stream.split("/");
        return (
          first !== "release" && first !== "agent" && second === environment && rest.length === 0
        );
      }),
  );
}

export function laneStream(service: string, environment: string): string {
  return `${service}/${environment}`;
}
