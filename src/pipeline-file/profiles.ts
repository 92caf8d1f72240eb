import type { CheckDemand, PipelineEnvironment, Profile } from "../model/pipeline.ts";
import { peopleProfiles } from "./people-profiles.ts";
import { type CheckKind, touchOf, whereUsersAre } from "./where-users-are.ts";

/** A default check: adapter, and where it runs. Everything else is the adapter's own default. */
interface Default {
  readonly name: string;
  readonly uses: string;
  readonly phase: CheckDemand["phase"];
  /** Where the adapter's own defaults would be wrong for somebody who only named a tier. */
  readonly with?: Record<string, unknown>;
}

const files = (...adapters: readonly string[]): Default[] =>
  adapters.map((uses) => ({ name: uses, uses, phase: "static" }));
const idle = (...adapters: readonly string[]): Default[] =>
  adapters.map((uses) => ({ name: uses, uses, phase: "deployed" }));

/** What a user gets by naming the tier. Adapters that a program does not have are left out. */
export const profiles: Readonly<Record<Profile, readonly Default[]>> = {
  development: files("secrets", "sast", "advisories", "licences", "dev-tools", "state-files"),
  testing: [...files("sast"), ...idle("smoke", "dast")],
  staging: [...files("sast"), ...idle("smoke", "regression", "parity")],
  production: [
    // The exact artifact once more: what is known about it may have changed since.
    ...files("secrets", "advisories", "dev-tools", "state-files"),
    ...idle("smoke", "manifest", "regression", "dast"),
    { name: "smoke-live", uses: "smoke", phase: "live" },
    // A laptop has no users: too few of them are worth a word, and no reason to go back.
    { name: "slo", uses: "slo", phase: "live", with: { tooFew: "warn" } },
  ],
};

/**
 * An environment with the checks of its profile as ordinary demands, before its own. An own check of the
 * same name takes the default's place. What would meet users here (an intrusive one without an idle colour)
 * is left out.
 */
export function expandProfile(
  environment: PipelineEnvironment,
  adapters: ReadonlyMap<string, CheckKind>,
): PipelineEnvironment {
  const { profile, checks, strategy } = environment;
  if (profile === undefined) return environment;
  const own = new Set(checks.map(({ name }) => name));
  const defaults = profiles[profile].flatMap(
    ({ name, uses, phase, with: settings = {} }): CheckDemand[] => {
      const kind = adapters.get(uses);
      const parsed = kind?.schema.safeParse(settings);
      if (own.has(name) || !kind || !parsed?.success) return [];
      const intrusive = touchOf(kind, parsed.data) === "intrusive";
      if (intrusive && whereUsersAre({ phase }, strategy) !== null) return [];
      return [
        { name, uses, with: settings, phase, timeout: defaultTimeout, retries: 0, allowWarn: true },
      ];
    },
  );
  const asked = environment.people === true ? peopleProfiles[profile] : [];
  const people = asked.flatMap(({ name, phase, with: told }): CheckDemand[] => {
    const kind = adapters.get("manual");
    const parsed = kind?.schema.safeParse(told);
    if (own.has(name) || !kind || !parsed?.success) return [];
    const intrusive = touchOf(kind, parsed.data) === "intrusive";
    if (intrusive && whereUsersAre({ phase }, strategy) !== null) return [];
    return [
      {
        name,
        uses: "manual",
        with: told,
        phase,
        timeout: defaultTimeout,
        retries: 0,
        allowWarn: true,
        // A session looks for flaws; the other two are no tests of security.
        ...(told["role"] === "security" ? { purpose: "security" } : {}),
      },
    ];
  });
  return { ...environment, checks: [...defaults, ...people, ...checks] };
}

/** A default stops a release for what fails, not for what is worth a look: the pipeline can ask for more. */
const defaultTimeout = 900_000;
