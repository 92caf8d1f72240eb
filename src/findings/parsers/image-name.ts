/**
 * An image without its tag and digest, which differ in every release: `registry:5000/shop:1.2@sha256:…` is
 * `registry:5000/shop`. Scans of two releases are then scans of one subject.
 */
export function imageName(reference: string): string {
  const name = reference.trim().replace(/@sha\d+:[0-9a-f]+$/i, "");
  const slash = name.lastIndexOf("/");
  const colon = name.lastIndexOf(":");
  return colon > slash && colon > 0 ? name.slice(0, colon) : name;
}
