/** systemd passes sockets from this descriptor on (sd_listen_fds(3)). */
const firstDescriptor = 3;

/**
 * Descriptors of the listening sockets that systemd opened for the agent's unit; they are handed on to
 * every router, which takes the ones its routes name. Empty when the agent was started otherwise.
 */
export function inheritedSockets(
  environment: NodeJS.ProcessEnv = process.env,
  pid: number = process.pid,
): readonly number[] {
  const count = Number(environment["LISTEN_FDS"] ?? 0);
  if (environment["LISTEN_PID"] !== String(pid) || !Number.isInteger(count) || count < 1) return [];
  return Array.from({ length: count }, (_, index) => firstDescriptor + index);
}
