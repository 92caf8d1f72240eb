import type { Format } from "./format.ts";
import { sarif } from "./sarif/index.ts";

/** Every format of reports that can be imported, one line a folder. A test compares it with the folders. */
export const formats: readonly Format[] = [sarif];
