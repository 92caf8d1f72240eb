import type { Slot } from "../../model/primitives.ts";

/** Where the system's programs lie; nothing of the agent's own PATH is handed on. */
const systemPath =
  process.platform === "darwin"
    ? "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    : "/usr/local/bin:/usr/bin:/bin";

/** What every program of ours starts with: our Node first on the path, own folders, nothing inherited. */
export function baseEnvironment(folders: {
  readonly runtime: string;
  readonly home: string;
  readonly temporary: string;
}): Record<string, string> {
  return {
    PATH: `${folders.runtime}:${systemPath}`,
    HOME: folders.home,
    TMPDIR: folders.temporary,
    LANG: "C.UTF-8",
  };
}

/** How a stray process is recognised as one of ours, whatever became of its parents. */
export const markers = { agent: "TIDELOCK_AGENT", instance: "TIDELOCK_INSTANCE" } as const;

export interface ServiceEnvironment {
  readonly slot: Slot;
  readonly release: string;
  readonly releaseName: string;
  readonly process: string;
  readonly instance: string;
  readonly agentId: string;
  readonly port: number | null;
  readonly host: string;
  readonly configDir: string | null;
  readonly stateDir: string | null;
  /** Folders of the artifacts in the release's order; the first is the working directory. */
  readonly artifacts: readonly string[];
  /** Configuration that is delivered as variables: a recorded exception. */
  readonly variables: Readonly<Record<string, string>>;
}

export function serviceEnvironment(
  base: Record<string, string>,
  service: ServiceEnvironment,
): Record<string, string> {
  return {
    ...service.variables,
    ...base,
    ...(service.port === null ? {} : { PORT: String(service.port), HOST: service.host }),
    ...tidelockVariables(service.slot, service.release, service.releaseName),
    ...(service.configDir === null ? {} : { TIDELOCK_CONFIG_DIR: service.configDir }),
    ...(service.stateDir === null ? {} : { TIDELOCK_STATE_DIR: service.stateDir }),
    ...Object.fromEntries(
      service.artifacts.slice(1).map((path, index) => [`TIDELOCK_ARTIFACT_${index + 1}`, path]),
    ),
    TIDELOCK_PROCESS: service.process,
    [markers.agent]: service.agentId,
    [markers.instance]: service.instance,
  };
}

/** What a program may know about what it is: for services and for an operator's scripts alike. */
export function tidelockVariables(
  slot: Slot,
  release: string,
  releaseName: string,
): Record<string, string> {
  return {
    TIDELOCK_SERVICE: slot.service,
    TIDELOCK_ENVIRONMENT: slot.environment,
    TIDELOCK_COLOUR: slot.colour,
    TIDELOCK_RELEASE: release,
    TIDELOCK_VERSION: releaseName.slice(releaseName.indexOf("@") + 1),
  };
}
