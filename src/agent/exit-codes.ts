/** The agent's exit status when another one already owns its data directory. */
export const lockedExitCode = 75;
