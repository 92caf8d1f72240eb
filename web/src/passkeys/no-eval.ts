import { config } from "zod";

/** Schemas try whether they may make functions of text, which the page's policy refuses and reports: here they need not try. */
config({ jitless: true });
