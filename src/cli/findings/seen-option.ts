import { whole } from "../options.ts";

/** Two people who look at one finding: the slower one is told, and takes nothing back unread. */
export const seenOption = {
  seen: whole(
    "--seen <n>",
    "the `change` that `findings show` had: refused when somebody was quicker",
    { least: 1, most: 2_147_483_647 },
  ),
};

export function asSeen(seen: number | undefined): { readonly changes?: number } {
  return seen === undefined ? {} : { changes: seen };
}
