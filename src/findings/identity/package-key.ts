import type { ObservationPlace } from "../../model/observation.ts";
import { imageOf } from "./scope.ts";

type PackagePlace = Extract<ObservationPlace, { kind: "package" }>;

/** A package of whatever version. */
export interface PackageKey {
  /** `pkg:type/namespace/name`, normalised; null where the tool gives no package URL that can be read. */
  readonly purl: string | null;
  /** How people write it: `@babel/core`, `org.slf4j:slf4j-api`, `openssl`. */
  readonly name: string;
  /** Where it is: a lock file's or jar's path; of packages of a system `image:` and its name. */
  readonly target: string;
}

/** Package managers of whole systems: what they installed is the image's, not of the file that lists it. */
const systems: ReadonlySet<string> = new Set(["deb", "rpm", "apk", "alpm", "alpine", "qpkg"]);

/**
 * What makes two packages one, whatever their versions. Qualifiers (`arch`, `distro`, `epoch`, `upstream`) and the
 * subpath go: another base image, or another machine's build, leaves the same package to be repaired. The
 * namespace stays, so Debian's `openssl` is not Alpine's.
 */
export function packageKey(place: PackagePlace, subject?: string): PackageKey {
  const purl = place.purl === undefined ? null : parsePurl(place.purl);
  const path = place.path ?? "";
  // `alpine:3.18 (alpine 3.18.4)`: how Trivy names the system of an image; of a cluster, of each workload's.
  const [, system] = /^(.+?)\s\([^()]+\)$/.exec(path) ?? [];
  const ofSystem = purl === null ? system !== undefined : systems.has(purl.type);
  return {
    purl: purl === null ? null : purlText(purl),
    name: purl === null ? place.name.trim() : nameOf(purl),
    target: ofSystem
      ? `image:${imageOf(system) ?? imageOf(subject) ?? ""}`
      : withoutVersion(path, place.version),
  };
}

interface Purl {
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
}

/** Source: purl-spec, "How to parse a purl string"; null where it is none. */
export function parsePurl(text: string): Purl | null {
  const found = /^pkg:\/{0,3}([A-Za-z][A-Za-z0-9.+-]*)\/([^?#]+)/.exec(text.trim());
  if (!found) return null;
  const type = (found[1] ?? "").toLowerCase();
  const parts = (found[2] ?? "").split("/").filter((part) => part !== "");
  const last = parts.pop() ?? "";
  // An `@` at the very beginning belongs to a scope that somebody forgot to encode.
  const at = last.lastIndexOf("@");
  const name = decoded(at > 0 ? last.slice(0, at) : last);
  if (name === "") return null;
  return normalised(type, parts.map(decoded).join("/"), name);
}

/** Source: purl-spec, PURL-TYPES. */
function normalised(type: string, namespace: string, name: string): Purl {
  switch (type) {
    case "pypi":
      return { type, namespace, name: name.toLowerCase().replaceAll(/[-_.]+/g, "-") };
    case "deb":
    case "apk":
    case "alpm":
    case "github":
    case "bitbucket":
    case "composer":
    case "golang":
      return { type, namespace: namespace.toLowerCase(), name: name.toLowerCase() };
    case "rpm":
      return { type, namespace: namespace.toLowerCase(), name };
    case "npm":
      return { type, namespace: namespace.toLowerCase(), name: name.toLowerCase() };
    default:
      return { type, namespace, name };
  }
}

function purlText({ type, namespace, name }: Purl): string {
  return `pkg:${type}/${namespace === "" ? "" : `${namespace}/`}${name}`;
}

function nameOf({ type, namespace, name }: Purl): string {
  if (namespace === "" || systems.has(type)) return name;
  return `${namespace}${type === "maven" ? ":" : "/"}${name}`;
}

/** `lib/guava-31.0.jar` is the same place after an upgrade; another package's version in the path stays. */
function withoutVersion(path: string, version: string): string {
  if (!/\d/.test(version) || !path.includes(version)) return path;
  return path
    .split("/")
    .map((segment) => {
      const at = segment.indexOf(version);
      if (at < 0) return segment;
      const before = segment[at - 1] ?? "-";
      const after = segment[at + version.length] ?? ".";
      const whole = !/[\dA-Za-z]/.test(before) || before === "v";
      return whole && !/\d/.test(after)
        ? `${segment.slice(0, at)}{version}${segment.slice(at + version.length)}`
        : segment;
    })
    .join("/");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
