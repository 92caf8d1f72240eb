import { digestOf } from "../../model/canonical.ts";
import type { Scope } from "../../model/finding.ts";
import type { Digest } from "../../model/primitives.ts";
import { toolName } from "./tool-name.ts";

/**
 * What a scan was about, as one value: SHA-256 of the canonical JSON (RFC 8785) of service, environment, tool and
 * subject. Two releases of one image are one subject, two images are two.
 */
export function scopeId({ service, environment, tool, subject }: Scope): Digest {
  const name = toolName(tool);
  return digestOf({ service, environment, tool: name, subject: subjectOf(subject, name) });
}

/** What a scan shows of its subject, where its tool can see more than that. */
const parts = [
  "packages",
  "misconfigurations",
  "packages and misconfigurations",
  "secrets and licences",
] as const;
export type Part = (typeof parts)[number];

const ofPart = new RegExp(`^(?:${parts.join("|")})(?: of |$)`);

/** `packages of shop/api`: another subject than `shop/api`, and so another scope. */
export function withPart(part: Part, subject: string | undefined): string {
  return subject === undefined || subject === "" ? part : `${part} of ${subject}`;
}

/** Tools of which every subject with a colon is an image. */
const ofImages: ReadonlySet<string> = new Set(["trivy", "grype", "clair", "anchore", "dockle"]);

/**
 * A subject without what changes from release to release: an image's digest and tag. Of other tools `shop:8080` may be
 * an image or a host with a port, so there a number after the only name stays: two ports are never one subject.
 */
export function subjectOf(subject: string, tool = ""): string {
  const plain = subject.trim().replace(/@sha256:[0-9a-f]{64}$/i, "");
  if (plain.includes("://") || /^[./\\]/.test(plain)) return plain;
  const found = /^(.*[^:]):([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$/.exec(plain);
  const [, name = "", tag = ""] = found ?? [];
  if (found === null || /\s/.test(plain)) return plain;
  const portLike = /^\d{1,5}$/.test(tag) && !name.includes("/");
  return portLike && !ofImages.has(tool) ? plain : name;
}

/**
 * An image's name without registry, tag and digest: `shop/api`; null where it is no image's. Of `packages of shop/api`
 * it is the same one.
 */
export function imageOf(subject: string | undefined): string | null {
  const name = subjectOf((subject ?? "").replace(ofPart, ""), "trivy");
  if (name === "" || /^[./\\]|:\/\/|\s|\.(tar|tgz|gz|json|xml|sarif|txt|csv)$/i.test(name))
    return null;
  const parts = name.split("/");
  const [first = ""] = parts;
  const registry = parts.length > 1 && (/[.:]/.test(first) || first === "localhost");
  const rest = registry ? parts.slice(1) : parts;
  return (rest[0] === "library" && rest.length > 1 ? rest.slice(1) : rest).join("/");
}
