import { fieldOf } from "../loose.ts";

/**
 * What an alert is about, by names that stay when a pod or container is replaced:
 * `namespace/workload/container process`, `container process`, `host process`; of Kubernetes' audit log
 * `namespace/resource/name user`, of other sources `source user`.
 */
export function placeName({
  fields,
  hostname,
  source,
}: {
  readonly fields: unknown;
  readonly hostname: string;
  readonly source: string;
}): string {
  const of = (...names: readonly string[]): string => {
    for (const name of names) {
      const value = fieldOf(fields, name);
      const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
      // Falco's word for what an event has not.
      if (text !== "" && text !== "<NA>") return text;
    }
    return "";
  };
  const audited = of("ka.target.resource");
  if (audited !== "" || source === "k8s_audit") {
    const place = [of("ka.target.namespace", "jevt.value[/objectRef/namespace]"), audited];
    return withWhom([...place, workloadOf(of("ka.target.name"))], of("ka.user.name"));
  }
  const process = of("proc.name") || programIn(of("proc.cmdline", "proc.exepath"));
  const namespace = of("k8s.ns.name", "k8smeta.ns.name");
  const pod =
    of("k8s.deployment.name", "k8smeta.deployment.name") ||
    workloadOf(of("k8s.pod.name", "k8smeta.pod.name"));
  const container = of("container.name", "container.image.repository");
  if (namespace !== "" || pod !== "") {
    return withWhom(
      [namespace, pod, of("container.name").startsWith("k8s_") ? "" : container],
      process,
    );
  }
  // The container of an event of the machine itself is called so.
  if (container !== "" && container !== "host") return withWhom([container], process);
  if (source !== "" && source !== "syscall") {
    return withWhom([source], of("ct.user", "okta.actor.name", "github.user", "user.name"));
  }
  return withWhom([hostname || "host"], process);
}

function withWhom(parts: readonly string[], whom: string): string {
  return [parts.filter((part) => part !== "").join("/"), whom].filter(Boolean).join(" ");
}

/** `sh -c …` and `/usr/bin/sh -c …` are `sh`. */
function programIn(command: string): string {
  const program = command.slice(0, 1_024).split(" ", 1)[0] ?? "";
  return program.slice(program.lastIndexOf("/") + 1);
}

/**
 * A pod's name without what Kubernetes adds to its workload's: the hash of a template and five characters
 * (`shop-5d4f8c7b9d-x2x5z`), or those alone. It uses no vowels, so that they are no words (apimachinery's rand).
 * Of other resources the digests and moments in their names.
 */
function workloadOf(name: string): string {
  const plain = name
    .slice(0, 512)
    .replace(/\.[0-9a-f]{14,18}$/, "")
    .replace(/[0-9a-f]{32,128}/g, "*");
  const owner = plain.replace(/-[bcdfghjklmnpqrstvwxz2456789]{5}$/, "");
  return owner === plain ? plain : owner.replace(/-[bcdfghjklmnpqrstvwxz0-9]{8,10}$/, "");
}
