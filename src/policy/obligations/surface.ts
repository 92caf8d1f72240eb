import type { Environment, Pipeline } from "../../model/pipeline.ts";
import type { SurfaceChange, ThreatModel } from "../../model/requirements.ts";

/**
 * What of a service can be reached or told something from outside, as far as its documents say: one sorted line each, so
 * that people read the difference. Values of configuration are no part of it, their names are.
 */
export function surfaceOf(pipeline: Pipeline, environment: Environment): readonly string[] {
  const { processes, configuration } = pipeline.spec;
  const { router, target, tier } = environment.spec;
  const name = pipeline.metadata.name;
  const lines = [
    ...Object.entries(processes).map(([process, { port, router: route, state }]) =>
      [
        `process ${process}`,
        route === "http" && port !== "none" ? "takes users' requests" : "takes none",
        state ? "keeps state" : "keeps nothing",
      ].join(", "),
    ),
    ...configuration.map((key) => `reads ${key}`),
    `runs by ${target.type} (${tier})`,
    router.type === "embedded"
      ? `is served at ${router.listen[name] ?? "no address"}, ${router.tls ? "with" : "without"} TLS`
      : "is served by nobody",
    ...(router.type === "embedded"
      ? router.trustedProxies.map((proxy) => `believes the proxy ${proxy}`)
      : []),
  ];
  return [...new Set(lines)].sort();
}

export function surfaceChange(model: ThreatModel, now: readonly string[]): SurfaceChange {
  return {
    reviewed: model.reviewed,
    added: now.filter((line) => !model.surface.includes(line)),
    removed: model.surface.filter((line) => !now.includes(line)).toSorted(),
  };
}
