import { z } from "zod";

/** Lists that are read page by page, newest first. */

/** `next` of the page before: go on behind it. */
export const After = z.string().min(1).max(200).optional();

/** `next`: the id of the last item when there are more that whoever asks may see. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable() });
