import { z } from "zod";
import type { Draft } from "../../observe.ts";
import { type Format, fieldsOf, isRecord } from "../format.ts";
import { compareVersions } from "./versions.ts";

const text = z.string().nullish();
const flag = z.boolean().nullish();

const Plugin = z.object({
  shortName: z.string(),
  longName: text,
  version: z.string(),
  active: flag,
  hasUpdate: flag,
  url: text,
});

const Warning = z.object({
  id: z.string(),
  message: text,
  name: z.string(),
  type: text,
  url: text,
  versions: z
    .array(z.object({ firstVersion: text, lastVersion: text }))
    .nullish()
    .catch(null),
});
type WarningType = z.infer<typeof Warning>;

const Frame = z.object({
  /** Of `/api/json`. */
  useSecurity: flag,
  useCrumbs: flag,
  /** Of `/pluginManager/api/json`; empty where the plugins are read one by one. */
  plugins: z.array(z.unknown()).optional(),
  /** Of the update centre. */
  warnings: z.array(z.unknown()).nullish(),
  deprecations: z.record(z.string(), z.unknown()).nullish(),
  /** Ours: what the header `X-Jenkins` says, which no document does. */
  jenkinsVersion: text,
});
type FrameType = z.infer<typeof Frame>;

/**
 * How safe a Jenkins is, by what its own interfaces answer: whether security and protection against forged requests
 * are on (`/api/json`), which plugins have an update (`/pluginManager/api/json?depth=1`), and, where the update
 * centre's `warnings` were added, which have a published weakness. Each part is a scan of its own: the subject says
 * which ones are there. Jenkins states no severity of any: ours are guesses.
 */
export const jenkinsPosture: Format = {
  id: "jenkins-posture",
  title: "Jenkins posture (plugins, security, update centre)",
  syntax: "json",
  items: [{ path: ["plugins", "*"], pass: 2 }, { path: ["warnings", "*"] }],
  recognise(sample) {
    const fields = fieldsOf(sample);
    if (fields === undefined) return false;
    const plugins = fields["plugins"];
    const first: unknown = Array.isArray(plugins) ? plugins[0] : undefined;
    return (
      fields["_class"] === "hudson.LocalPluginManager" ||
      (isRecord(first) && "shortName" in first && "version" in first) ||
      (typeof fields["useSecurity"] === "boolean" && "useCrumbs" in fields)
    );
  },
  open(value) {
    const frame = Frame.parse(value);
    if (frame.plugins === undefined && typeof frame.useSecurity !== "boolean") {
      throw new Error(
        "it holds neither plugins nor useSecurity: an update centre alone is no Jenkins",
      );
    }
    const warnings = new Map<string, WarningType[]>();
    let unknown = 0;
    let cut = 0;
    return {
      item(item, { item: which }) {
        if (which === 1) {
          const warning = Warning.parse(item);
          const name = warning.type === "core" ? core : warning.name;
          const ofName = warnings.get(name) ?? [];
          warnings.set(name, ofName);
          if (ofName.length < mostWarnings) ofName.push(warning);
          else cut += 1;
          return [];
        }
        const plugin = Plugin.parse(item);
        if (plugin.active === false) return [];
        if (typeof plugin.hasUpdate !== "boolean") unknown += 1;
        const { shortName, version } = plugin;
        const published = (warnings.get(shortName) ?? []).filter((one) => isAbout(one, version));
        return [
          ...(plugin.hasUpdate === true ? [outdated(plugin)] : []),
          ...published.map((one) => weakness(one, shortName, version)),
          ...(Object.hasOwn(frame.deprecations ?? {}, shortName) ? [deprecated(plugin)] : []),
        ];
      },
      end: () => ({
        tool: { name: "jenkins", version: frame.jenkinsVersion ?? "unknown" },
        subject: partsOf(frame).join(", "),
        drafts: [...settingsOf(frame), ...ofCore(frame, warnings.get(core) ?? [])],
        ...wholeness([
          ...(unknown === 0 ? [] : [`whether ${unknown} plugins have an update`]),
          ...(cut === 0 ? [] : [`${cut} of more warnings than any plugin has`]),
        ]),
      }),
    };
  },
};

/** No plugin has as many; a hostile report would make a hit of each plugin with each of them. */
const mostWarnings = 200;

function wholeness(missing: readonly string[]): { complete: boolean; missing?: string } {
  return missing.length === 0
    ? { complete: true }
    : { complete: false, missing: missing.join("; ") };
}

/** No plugin has a name with a blank. */
const core = "jenkins core";

function partsOf({ useSecurity, plugins, warnings, jenkinsVersion }: FrameType): readonly string[] {
  return [
    ...(typeof useSecurity === "boolean" ? ["settings"] : []),
    ...(plugins === undefined ? [] : ["plugins"]),
    ...(warnings ? ["warnings"] : []),
    ...(warnings && jenkinsVersion ? ["core"] : []),
  ];
}

const guess = { severityStated: false, kind: "host" } as const;

function settingsOf({ useSecurity, useCrumbs }: FrameType): readonly Draft[] {
  const place = { kind: "resource", name: "jenkins" } as const;
  return [
    ...(useSecurity === false
      ? [
          {
            ...guess,
            rule: "jenkins-security-off",
            severity: "critical" as const,
            title: "Anybody may do anything in this Jenkins",
            message: "useSecurity is false: there is no access control.",
            place,
            cwe: [306],
          },
        ]
      : []),
    ...(useCrumbs === false
      ? [
          {
            ...guess,
            rule: "jenkins-crumbs-off",
            severity: "high" as const,
            title: "This Jenkins does not refuse forged requests",
            message: "useCrumbs is false: no protection against cross-site request forgery.",
            place,
            cwe: [352],
          },
        ]
      : []),
  ];
}

function outdated({ shortName, longName, version, url }: z.infer<typeof Plugin>): Draft {
  return {
    ...guess,
    rule: "jenkins-plugin-outdated",
    severity: "medium",
    title: `${longName ?? shortName} has an update`,
    message: `Installed: ${version}.`,
    place: { kind: "resource", name: `plugin/${shortName}` },
    references: url ? [url] : [],
  };
}

function deprecated({ shortName, longName, url }: z.infer<typeof Plugin>): Draft {
  return {
    ...guess,
    rule: "jenkins-plugin-deprecated",
    severity: "low",
    title: `${longName ?? shortName} is deprecated`,
    place: { kind: "resource", name: `plugin/${shortName}` },
    references: url ? [url] : [],
  };
}

function weakness({ id, message, url }: WarningType, name: string, version: string): Draft {
  return {
    rule: id,
    severity: "high",
    severityStated: false,
    title: message ?? id,
    place: { kind: "package", name, version },
    kind: "dependency",
    references: url ? [url] : [],
  };
}

/**
 * By the versions that it names, and never by its pattern: that is a program of a stranger's. One without a last
 * version is about all of them.
 */
function isAbout({ versions }: WarningType, version: string): boolean {
  if (!versions || versions.length === 0) return true;
  return versions.some(({ firstVersion, lastVersion }) => {
    const after = firstVersion ? compareVersions(version, firstVersion) >= 0 : true;
    return after && (lastVersion ? compareVersions(version, lastVersion) <= 0 : true);
  });
}

/** A version of three numbers is of long-term support: warnings count its lines apart from the weekly ones. */
function ofCore(
  { jenkinsVersion: version }: FrameType,
  warnings: readonly WarningType[],
): readonly Draft[] {
  if (!version) return [];
  const isLongTerm = (one: string | null | undefined) => (one ?? "").split(".").length >= 3;
  return warnings
    .filter((warning) => {
      const own = (warning.versions ?? []).filter(
        ({ lastVersion }) => isLongTerm(lastVersion) === isLongTerm(version),
      );
      return isAbout(own.length > 0 ? { ...warning, versions: own } : warning, version);
    })
    .map((warning) => weakness(warning, "jenkins", version));
}
