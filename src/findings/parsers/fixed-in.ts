/** `Upgrade openssl to version 1.1.1n-0+deb11u1`, `… to version 2.6.7.5, 2.8.11.1 or higher.`; undefined without a version. */
export function fixedIn(advice: string | undefined): string | undefined {
  const found =
    /\bto version:? (\d[^\s,;]{0,100}(?:, ?\d[^\s,;]{0,100}){0,9}|[^\s,;]{0,20}\d[^\s,;]{0,100})/i.exec(
      advice?.slice(0, 1_000) ?? "",
    );
  return found?.[1]?.replace(/[.,]$/, "");
}
